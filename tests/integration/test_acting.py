"""Whatever is done to duplicates, by whom, and wherever it is cut off, no content is lost and everything comes back."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.acting.scenario import IN_MEMORY, Scenario
from tests.mounts import in_own_mounts


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32))
def test_no_content_is_ever_lost_and_a_full_restore_is_exact(seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
        scenario = Scenario(Path(base), random.Random(seed))
        try:
            scenario.run()
        except AssertionError as error:
            error.add_note("; ".join(scenario.history))
            raise


def test_nor_where_folders_are_mounted_seen_twice_or_unplugged() -> None:
    def body() -> None:
        for seed in range(150):
            with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY, ignore_cleanup_errors=True) as base:
                scenario = Scenario(Path(base), random.Random(seed), mounts=True)
                if scenario.places.kind:
                    scenario.run()
                scenario.places.end()

    in_own_mounts(body)
