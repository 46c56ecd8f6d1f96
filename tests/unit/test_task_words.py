"""What Flower's list says of a task."""

from types import SimpleNamespace

import pytest

from shared import names
from shared.broker.flower_page import format_task
from shared.broker.wording import LONGEST, describe_paths, describe_result, describe_run
from worker.pipeline.extracting.outcome import Outcome


def test_files_of_a_message_are_counted_and_some_named() -> None:
    assert describe_paths([]) == "what waits"
    assert describe_paths(["a.jpg"]) == "1 file: a.jpg"
    assert describe_paths([f"{number}.jpg" for number in range(32)]) == "32 files: 0.jpg, 1.jpg and 30 more"
    odd = describe_paths(["line\nbreak \udcff.png", "x" * 500])
    assert odd.isprintable()
    assert len(odd) < 2 * LONGEST + 30


def test_results_are_said_in_words() -> None:
    extracted = {**vars_of(Outcome(ready=31, cached=2, failed=1)), "alone": 0, "finished": 32}
    assert describe_result(names.TASK_EXTRACT, repr(extracted)) == "31 read, 2 of them known, 1 failed"
    assert describe_result(names.TASK_JUDGE, "{'verdicts': 1, 'duplicates': 0}") == "1 verdict, 0 duplicates"
    assert describe_result(names.TASK_PROPOSE, "16") == "16 proposals"
    assert describe_result(names.TASK_RECLUSTER, "{'outcome': 'published', 'message': 'k = 7'}") == "k = 7"


@pytest.mark.parametrize("result", ["32", "{'verdicts': 1, 'dup...}", "{}", "None", "(((((", "__import__('os')"])
def test_what_is_not_understood_stays_as_it_is(result: str) -> None:
    assert describe_result(names.TASK_JUDGE, result) == result
    assert describe_result("another.task", result) == result


def test_runs_are_said_in_words() -> None:
    assert describe_run({"patient": True}) == "when it is due"
    assert describe_run({"force": False}) == "now"
    assert describe_run({"force": True, "k": 9}) == "now, whatever has changed, k = 9"
    task = SimpleNamespace(name=names.TASK_RECLUSTER, args="()", kwargs="{'patient': True}", result=None)
    assert format_task(task).args == "when it is due"
    task = SimpleNamespace(name=names.TASK_RECLUSTER, args="()", kwargs="{'patient': Tr...", result="'?'")
    assert format_task(task).args == "()"


def vars_of(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
