"""A short chaos run: every process is killed, Redis is restarted, connections are cut, and nothing is lost."""

import tempfile
from collections import Counter
from pathlib import Path

from tests.chaos.__main__ import faults_table, groups_of, result_table
from tests.chaos.plan import CONNECTIONS, PROGRAMS, REDIS, make_plan
from tests.chaos.run import run_chaos


def test_nothing_is_lost_while_everything_that_can_die_is_killed() -> None:
    plan = make_plan(seed=1, images=60, kills=1)
    quick = {"settle": 0.3, "recluster_every": 3, "visibility_timeout": 20}
    with tempfile.TemporaryDirectory(prefix="chaos") as base:  # pytest's own are too deep for a socket's path
        outcome = run_chaos(Path(base), plan, 150, print, **quick)
    print(faults_table(outcome.strikes), result_table(outcome), sep="\n\n")
    assert outcome.lost == []
    assert outcome.litter == []
    assert Counter(strike.target for strike in outcome.strikes) == Counter([*PROGRAMS, REDIS, CONNECTIONS])
    assert all(strike.seconds is not None for strike in outcome.strikes if strike.target != CONNECTIONS)
    grouped = {frozenset({keeper, *(path for path, _ in others)}) for keeper, others in outcome.report.groups}
    assert grouped == groups_of(plan.files)
