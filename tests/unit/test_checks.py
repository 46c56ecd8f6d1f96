"""The workers' side of checks, apart from Redis: what goes wrong is the answer, and no other work suffers from it."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from shared.errors import CorruptValue, DamagedImages, PermanentError, Unavailable
from shared.failures import FailureKind
from shared.records import Event, ImageFacts
from shared.records.checks import CheckAnswer, Neighbour, Question, Stage, Unanswered, reply_from_json, reply_to_json
from tests.unit.test_extract import Bench, executor, extract_batch, png
from worker.engine.search.encoding import decode_features
from worker.pipeline.checks import AT_ONCE, CRASHED, Asked, Described, Serving, crashed
from worker.pipeline.extracting import describing
from worker.pipeline.extracting.describing import Describing
from worker.pipeline.extracting.extract import PART
from worker.pipeline.extracting.guard import Clocks, DecoderStuck, Guard

__all__ = ["executor"]  # a fixture
DIED = Unanswered("who", "died")


class Line:
    """Checks in memory. away: Redis does not answer."""

    def __init__(self, *asked: Asked, left: Sequence[Question] = ()) -> None:
        self.asked, self.left = list(asked), list(left)
        self.replies: dict[str, CheckAnswer | Unanswered] = {}
        self.passed: dict[str, Described] = {}
        self.looks = 0
        self.away = False

    def is_asked(self, stage: Stage) -> bool:
        self._answer()
        self.looks += 1
        return bool(self.asked)

    def take(self, stage: Stage, node: str, count: int) -> list[Asked]:
        self._answer()
        taken, self.asked = self.asked[:count], self.asked[count:]
        return taken

    def abandoned(self, stage: Stage, node: str) -> list[Question]:
        self._answer()
        return self.left

    def pass_on(self, question: Question, described: bytes) -> None:
        self.passed[question.id] = Described.from_bytes(described)

    def reply(self, question: Question, reply: CheckAnswer | Unanswered) -> None:
        self.replies.setdefault(question.id, reply)

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("Redis (store)", "does not answer")


def asked(number: int, data: bytes = b"picture") -> Asked:
    return Question(str(number), f"{number}.jpg"), data


def serving(line: Line, serve: Callable[[Sequence[Asked]], None], **more: object) -> Serving:
    return Serving(line, Stage.COMPARE, "the verdict writer", "n@h", serve, lambda _: DIED, **more)  # type: ignore[arg-type]


def test_all_that_wait_are_served_a_few_at_a_time() -> None:
    line, batches = Line(*map(asked, range(AT_ONCE + 3))), list[int]()
    serving(line, lambda taken: batches.append(len(taken))).work()
    assert batches == [AT_ONCE, 3]


def test_what_the_process_before_died_of_is_answered_once() -> None:
    line = Line(left=[Question("9", "x")])
    served = serving(line, lambda _: None)
    served.work()
    assert line.replies == {"9": DIED}
    line.replies.clear()
    served.work()
    assert line.replies == {}


@pytest.mark.parametrize("error", [PermanentError("no weights"), ValueError("a bug"), MemoryError()])
def test_what_goes_wrong_is_the_answer(error: Exception) -> None:
    line = Line(asked(1), asked(2))

    def fail(_: Sequence[Asked]) -> None:
        raise error

    serving(line, fail).work()
    assert line.replies.keys() == {"1", "2"}
    reply = line.replies["1"]
    assert isinstance(reply, Unanswered)
    assert (reply.who, str(error) in reply.why) == ("the verdict writer", True)


def test_damaged_pictures_are_sent_again() -> None:
    line, renewed = Line(asked(1)), list[frozenset[str]]()

    def fail(_: Sequence[Asked]) -> None:
        raise DamagedImages(["d"])

    serving(line, fail, renew=renewed.append).work()
    assert renewed == [frozenset({"d"})]
    assert isinstance(line.replies["1"], Unanswered)


def test_a_redis_that_is_away_disturbs_nobody() -> None:
    line = Line(asked(1))
    line.away = True
    served = serving(line, lambda _: None)
    served.work()
    assert not served.is_due()


def test_it_looks_ten_times_a_second_at_most() -> None:
    line, clock = Line(), [100.0]
    served = serving(line, lambda _: None, now=lambda: clock[0])
    served.work()
    for _ in range(50):
        clock[0] += 0.01
        served.is_due()
    assert 3 <= line.looks <= 5


def described(**more: object) -> Described:
    values: dict[str, object] = {
        "digest": "d", "size": 7, "extractor": "e1", "facts": ImageFacts(4, 3, "p"), "sketch": b"sketch",
        "features": np.arange(5, dtype=np.float32), "fine": np.zeros((3, 4, 3), np.uint8), "several": True,
    }  # fmt: skip
    return Described(**(values | more))  # type: ignore[arg-type]


def test_a_description_is_what_it_was_on_the_other_side() -> None:
    for one in (described(), Described("d", 7, failure=FailureKind.DAMAGED, reason="torn")):
        found = Described.from_bytes(one.to_bytes())
        assert found.to_bytes() == one.to_bytes()
        assert (found.facts, found.reason, found.several) == (one.facts, one.reason, one.several)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_description_is_said_to_be_one(cut: int) -> None:
    with pytest.raises(CorruptValue):
        Described.from_bytes(described().to_bytes()[:cut])


def test_a_reply_is_what_it_was_on_the_other_side() -> None:
    answer = CheckAnswer(Event("now", "a", "d", "near", "k", 0.9), "k", (Neighbour("k", 0.5),), "", ("x", "y"))
    for reply in (answer, Unanswered("who", "why", "remedy")):
        assert reply_from_json(reply_to_json(reply)) == reply
    values = answer.to_dict()
    del values["different"]  # as a worker of before says it
    assert reply_from_json(json.dumps(values).encode()) == dataclasses.replace(answer, different=())
    for damaged in (b"", b"[]", b"{}", b'{"unanswered": 3}', b'{"keeper": "", "nearest": [3], "at": ""}'):
        with pytest.raises(CorruptValue):
            reply_from_json(damaged)


def test_a_question_that_is_none_is_refused() -> None:
    question = Question("id", "näme")
    assert Question.from_wire(question.to_wire()) == question
    for damaged in (b"", b"[]", b"[1,2]", b'["a"]', b'["a","' + b"x" * 1001 + b'"]'):
        with pytest.raises(CorruptValue):
            Question.from_wire(damaged)


class Room:
    """A feature worker's part, with the known features of test_extract."""

    def __init__(self, bench: Bench, line: Line, seconds: float = 60.0) -> None:
        self.told, self.bench = 0, bench
        self.executor = ThreadPoolExecutor(1)
        guard = Guard(10**6, seconds, Clocks())
        self.describing = Describing(
            line, bench.network, "e1", self.executor, guard, 10**6, 10**5, self._known, self._tell
        )

    def _known(self, digests: Sequence[str]) -> list[bytes | None]:
        return self.bench.store.features("e1", digests)

    def _tell(self) -> None:
        self.told += 1


@pytest.fixture
def bench(tmp_path: Path, executor: ThreadPoolExecutor) -> Bench:
    return Bench(tmp_path, executor)


def test_several_are_described_by_one_forward_pass_and_what_is_no_picture_says_why(bench: Bench) -> None:
    line = Line()
    room = Room(bench, line)
    datas = [png((200, 10, 20)), b"words", png((10, 200, 20)), png((1, 2, 3))[:60], bytes(10**5 + 1)]
    room.describing.serve([asked(number, data) for number, data in enumerate(datas)])
    assert (bench.network.batches, room.told) == ([2], 1)
    red, words, green, torn, large = (line.passed[str(number)] for number in range(5))
    assert [tuple(one.features[:3].round()) for one in (red, green)] == [(200, 10, 20), (10, 200, 20)]
    assert (red.extractor, red.fine.shape, red.facts and red.facts.width) == ("e1", (30, 40, 3), 40)
    assert [one.failure for one in (words, torn, large)] == [FailureKind.NO_IMAGE, torn.failure, FailureKind.TOO_LARGE]
    assert torn.reason
    assert len(words.features) == 0


def test_a_copy_needs_no_forward_pass(bench: Bench) -> None:
    extract_batch([bench.put("red.png", png((200, 10, 20)))], bench.extraction)
    line, before = Line(), list(bench.network.batches)
    Room(bench, line).describing.serve([asked(0, png((200, 10, 20))), asked(1, b"words")])
    assert bench.network.batches == before
    assert tuple(line.passed["0"].features[:3].round()) == (200, 10, 20)
    assert line.passed["0"].extractor == "e1"


def test_a_picture_that_the_network_sees_nothing_in_is_said_to_be_one(bench: Bench) -> None:
    line = Line()
    Room(bench, line).describing.serve([asked(0, png((0, 0, 0)))])
    assert "no features" in line.passed["0"].reason


def test_a_picture_that_keeps_its_decoder_is_answered_and_ends_the_process(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, over, look_at = Line(), threading.Event(), describing.look_at

    def look(data: bytes, max_pixels: int, side: int) -> describing.Look:
        deadline = time.monotonic() + 30
        while data == png((9, 9, 9)) and not over.is_set() and time.monotonic() < deadline:
            continue  # as a decoder that spins
        return look_at(data, max_pixels, side)

    monkeypatch.setattr(describing, "look_at", look)
    room = Room(bench, line, seconds=0.3)
    served = Serving(line, Stage.DESCRIBE, "who", "n", room.describing.serve, lambda _: DIED, ends=(DecoderStuck,))
    spins = png((9, 9, 9))
    line.asked = [asked(1, png((10, 200, 20))), asked(0, spins), asked(3, png((1, 2, 3)))]
    with pytest.raises(DecoderStuck):
        served.work()
    over.set()
    assert line.passed["0"].failure == FailureKind.DECODER
    assert line.passed["1"].facts
    assert line.replies.keys() == {"3"}, "no thread was left for it, and it is not to blame"


class Between:
    """What is done between batches notes which files count as begun while it works."""

    def __init__(self, bench: Bench, error: Exception | None = None) -> None:
        self.bench, self.error = bench, error
        self.counted: list[int] = []
        self.expected = False

    def is_due(self) -> bool:
        return True

    def is_expected(self) -> bool:
        return self.expected

    def work(self) -> None:
        self.counted.append(sum(self.bench.store._attempts.values()))
        if self.error and len(self.counted) == 3:
            raise self.error


@pytest.mark.parametrize("error", [None, DecoderStuck((), 1.0)])
def test_no_attempt_of_a_file_is_counted_while_checks_are_served(bench: Bench, error: Exception | None) -> None:
    between = Between(bench, error)
    extraction = dataclasses.replace(bench.extraction, batch_size=2, meanwhile=between)
    references = [bench.put(f"{number}.png", png((number, 99, 9))) for number in range(6)]
    if error:
        with pytest.raises(DecoderStuck):
            extract_batch(references, extraction)
    else:
        assert extract_batch(references, extraction).ready == 6
    assert set(between.counted) == {0}
    assert len(between.counted) == (3 if error else 5)
    assert bench.store._attempts == {}


def test_a_batch_is_computed_in_parts_while_checks_are_expected(bench: Bench) -> None:
    between = Between(bench)
    between.expected = True
    extraction = dataclasses.replace(bench.extraction, meanwhile=between)
    references = [bench.put(f"{number}.png", png((number, 99, 9))) for number in range(PART + 3)]
    assert extract_batch(references, extraction).ready == len(references)
    assert bench.network.batches == [PART, 3]
    assert between.counted == [0] * 4, "at first, before the batch, within it, and after it"
    assert bench.store._attempts == {}
    for number, reference in enumerate(references):
        [raw] = bench.store.features("e1", [bench.record(reference.path).digest])
        assert raw
        assert decode_features(raw)[0] == number


def test_checks_are_expected_for_a_minute() -> None:
    line, clock = Line(asked(1)), [100.0]
    served = serving(line, lambda _: None, now=lambda: clock[0])
    assert not served.is_expected()
    served.work()
    clock[0] += 59
    assert served.is_expected()
    clock[0] += 2
    assert not served.is_expected()


def test_whoever_crashes_a_decoder_is_told_so() -> None:
    event = crashed("x.png", 0.0).event
    assert (event.verdict, event.reason, event.path) == ("failed", CRASHED, "x.png")
