"""Checks as running workers answer them: a real feature worker with the full-size network, and a verdict writer."""

import base64
import hashlib
import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
import redis
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.checking import LARGEST, Asker
from shared.decisions import DecisionJournal, DecisionKind, Subject
from shared.errors import Unavailable, UnreadableImage
from shared.records import Record, Reference
from shared.records.checks import CheckAnswer, Question, Stage
from shared.settings import Settings
from shared.store import keys
from shared.store.redis_checks import CHECKS_IN_LINE, RedisChecks
from tests.conftest import RedisServer, make_settings
from tests.integration.test_verdicts import Process
from tests.integration.test_worker import Line, children
from tests.web.site import AUTH, served
from worker.pipeline.checks import CRASHED

CHINA = Image.fromarray(load_sample_image("china.jpg"))
FLOWER = Image.fromarray(load_sample_image("flower.jpg"))


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def noise(number: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture that is like no other."""
    values = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(values).resize(size)


class Workers(Line):
    """A feature worker, and a verdict writer beside it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.asker = Asker.of(settings)
        self.verdicts = Process(settings, "verdicts", settings.watch_dir.parent / "verdicts.log")

    def add(self, path: str, picture: Image.Image) -> None:
        self.send(self.put(path, jpeg(picture)))
        self.wait(lambda: (record := self.record(path)) and record.verdict)

    def end(self) -> None:
        self.verdicts.end()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


@pytest.fixture(scope="module")
def workers(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    workers = Workers(make_settings(redis_server, tmp_path_factory.mktemp("workers")))
    try:
        workers.add("china.jpg", CHINA)
        workers.add("flower.jpg", FLOWER)
        yield workers
    finally:
        workers.end()


def everything(url: str) -> dict[bytes, bytes | None]:
    """What is in the store, but for what the workers renew as time goes by."""
    with redis.Redis.from_url(url) as client:
        return {key: client.dump(key) for key in client.scan_iter() if not key.startswith(b"imagesieve:lease:")}


def test_the_workers_say_what_a_picture_would_be_and_keep_nothing_of_it(workers: Workers) -> None:
    before = everything(workers.settings.store)
    exact = workers.asker.ask(jpeg(CHINA), "/elsewhere/same.jpg", 60)
    smaller = jpeg(CHINA.resize((480, 320)))
    near = workers.asker.ask(smaller, "/elsewhere/smaller.jpg", 60)
    stranger = workers.asker.ask(jpeg(noise(1)), "noise.jpg", 60)
    torn = workers.asker.ask(jpeg(CHINA)[:9000], "torn.jpg", 60)
    text = workers.asker.ask(b"words", "words.txt", 60)
    assert (exact.event.verdict, exact.event.duplicate_of, exact.event.reason) == (
        "exact",
        "china.jpg",
        "the same bytes",
    )
    assert exact.event.path == "/elsewhere/same.jpg"
    assert (near.event.verdict, near.event.duplicate_of, near.keeper) == ("near", "china.jpg", "china.jpg")
    assert near.event.digest == hashlib.sha256(smaller).hexdigest()
    assert near.event.similarity > 0.9
    assert near.nearest[0].path == "china.jpg"
    assert near.nearest[0].cosine > near.nearest[1].cosine
    assert (stranger.event.verdict, stranger.keeper, len(stranger.nearest)) == ("unique", "", 2)
    assert torn.event.verdict == "failed"
    assert "truncated" in torn.event.reason
    assert (text.event.verdict, text.failure) == ("failed", "no image")
    assert everything(workers.settings.store) == before


def test_what_a_check_says_is_what_the_verdict_is(workers: Workers) -> None:
    edited = CHINA.crop((20, 20, 620, 400))
    said = workers.asker.ask(jpeg(edited), "edited.jpg", 60).event
    workers.add("edited.jpg", edited)
    record = workers.record("edited.jpg")
    assert record
    assert said.verdict == "near"
    for name in ("digest", "verdict", "duplicate_of", "similarity", "reason", "variant_of", "share"):
        assert getattr(said, name) == getattr(record, name)


def test_a_picture_that_was_called_different_is_no_duplicate(workers: Workers) -> None:
    smaller = jpeg(CHINA.resize((460, 306)))
    record = workers.record("china.jpg")
    assert record
    journal = DecisionJournal(workers.settings.decisions_folder, time.time)
    files = Subject(record.digest, "china.jpg"), Subject(hashlib.sha256(smaller).hexdigest(), "gone.jpg")
    said = journal.add(DecisionKind.DIFFERENT, files)
    try:
        answer = workers.asker.ask(smaller, "again.jpg", 60)
        assert "china.jpg" in answer.different
        assert answer.event.duplicate_of != "china.jpg"
    finally:
        journal.undo(said.number)
    answer = workers.asker.ask(smaller, "again.jpg", 60)
    assert (answer.event.verdict, answer.event.duplicate_of, answer.different) == ("near", "china.jpg", ())


def test_many_ask_at_once(workers: Workers) -> None:
    pictures = [jpeg(noise(number) if number % 2 else CHINA, 50 + number) for number in range(24)]
    with ThreadPoolExecutor(len(pictures)) as threads:
        found = list(threads.map(lambda one: workers.asker.ask(one, "one.jpg", 100), pictures))
    verdicts = [answer.event.verdict for answer in found]
    assert verdicts == ["near", "unique"] * 12
    assert [answer.event.digest for answer in found] == [hashlib.sha256(one).hexdigest() for one in pictures]


def test_a_check_overtakes_the_files_that_wait(workers: Workers) -> None:
    files = [workers.put(f"old {number}.jpg", jpeg(noise(100 + number))) for number in range(96)]
    workers.send(*files)  # one message, of three batches
    workers.wait(lambda: any(record and record.digest for record in records(workers, files)))
    assert workers.asker.ask(jpeg(CHINA), "same.jpg", 100).event.verdict == "exact"
    waiting = [record for record in records(workers, files) if record and not record.digest]
    assert waiting, "it waited for the whole message"
    workers.wait(lambda: all(record and record.verdict for record in records(workers, files)))


def records(workers: Workers, files: list[Reference]) -> list[Record | None]:
    return workers.store.records([file.path for file in files])


def in_hand(client: redis.Redis) -> list[Question]:  # type: ignore[type-arg,unused-ignore]
    return [Question.from_wire(raw) for raw in client.hkeys(keys.KEY_CHECKS_IN_HAND)]


def test_a_picture_that_ends_its_worker_is_no_files_fault(workers: Workers) -> None:
    """Killed while it has a check in hand between two batches: as by a picture that crashes a decoder."""
    files = [workers.put(f"new {number}.jpg", jpeg(noise(300 + number))) for number in range(48)]
    workers.send(*files)
    workers.wait(lambda: any(record and record.digest for record in records(workers, files)))
    large = io.BytesIO()
    Image.effect_noise((4000, 3000), 90).convert("RGB").save(large, "PNG", compress_level=1)
    checks, answers = RedisChecks.connect(workers.settings.store), list[CheckAnswer]()
    ask = threading.Thread(target=lambda: answers.append(workers.asker.ask(large.getvalue(), "hostile.png", 100)))
    ask.start()
    with redis.Redis.from_url(workers.settings.store) as client:
        workers.wait(lambda: any(checks.progress(one)[1].startswith("features@") for one in in_hand(client)))
        for child in children(workers.process.pid):
            os.kill(child, signal.SIGKILL)
        ask.join(100)
        [answer] = answers
        assert (answer.event.verdict, answer.event.reason) == ("failed", CRASHED)
        workers.wait(lambda: all(record and record.verdict for record in records(workers, files)))
        assert client.hlen(keys.KEY_ATTEMPTS) == 0
        assert not client.exists(keys.KEY_CHECKS_IN_HAND)
    assert not checks.is_asked(Stage.DESCRIBE)


def post(url: str, data: bytes, kind: str = "application/octet-stream") -> tuple[int, dict[str, Any]]:
    secret = base64.b64encode(AUTH.encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": kind}
    try:
        with urlopen(Request(url, data, headers, method="POST"), timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_programs_ask_over_http(workers: Workers) -> None:
    workers.asker.ask(jpeg(CHINA), "same.jpg", 100)  # the page waits for 10 s, and the worker was just started anew
    with served(workers.settings) as site:
        url = f"{site}/api/check?name=uploaded.jpg"
        copy = jpeg(CHINA.resize((480, 320)))
        status, near = post(url, copy, "image/jpeg")
        while status == 503:  # the page gives a busy machine ten seconds, and a test all it needs
            status, near = post(url, copy, "image/jpeg")
        assert (status, near["verdict"], near["duplicate_of"], near["path"]) == (
            200,
            "near",
            "china.jpg",
            "uploaded.jpg",
        )
        assert near["nearest"][0]["path"] == "china.jpg"
        assert post(url, b"words") == (415, {"detail": "not an image: it looks like text"})
        assert post(url, b"")[0] == 415
        assert post(url, jpeg(CHINA), "multipart/form-data; boundary=x")[0] == 415
        status, torn = post(url, jpeg(CHINA)[:9000])
        assert (status, "truncated" in torn["detail"]) == (422, True)


def test_a_page_without_workers_says_who_is_away(settings: Settings) -> None:
    with served(settings) as site:
        status, answer = post(f"{site}/api/check", jpeg(CHINA))
    assert (status, answer["detail"].partition(":")[0]) == (503, "the feature worker does not answer")


def test_who_did_not_answer_is_said(settings: Settings) -> None:
    asker = Asker.of(settings)
    with pytest.raises(Unavailable, match="the feature worker does not answer: none runs"):
        asker.ask(b"picture", "one.jpg", 30)
    checks = RedisChecks.connect(settings.store)
    asker = Asker(asker._app, checks, lambda: ["features@there"])
    with pytest.raises(
        Unavailable, match="the feature worker has other work and did not begin with the picture within 3"
    ):
        asker.ask(b"picture", "one.jpg", 3)
    with redis.Redis.from_url(settings.store) as client:
        assert not client.keys("*check*"), "nothing is left of it"


def test_what_is_described_and_not_compared_waits_for_the_verdict_writer(settings: Settings) -> None:
    checks = RedisChecks.connect(settings.store)
    asker = Asker(Asker.of(settings)._app, checks, lambda: ["features@there"])

    def describe() -> None:
        while not (taken := checks.take(Stage.DESCRIBE, "features@there", 8)):
            time.sleep(0.01)
        for question, data in taken:
            checks.pass_on(question, data)

    thread = threading.Thread(target=describe)
    thread.start()
    with pytest.raises(Unavailable, match="the verdict writer does not answer: none runs"):
        asker.ask(b"picture", "one.jpg", 30)
    thread.join()


def test_a_line_is_bounded_and_a_check_too(settings: Settings) -> None:
    checks = RedisChecks.connect(settings.store)
    for number in range(CHECKS_IN_LINE):
        assert checks.ask(Question(str(number), "x"), b"picture")
    assert not checks.ask(Question("one more", "x"), b"picture")
    asker = Asker.of(settings)
    with pytest.raises(Unavailable, match="the line of checks was full"):
        asker.ask(b"picture", "x", 0.3)
    with pytest.raises(UnreadableImage, match="too large to be sent"):
        asker.ask(bytes(LARGEST + 1), "x")
    checks.withdraw(Question("3", "x"))
    assert [question.id for question, _ in checks.take(Stage.DESCRIBE, "n", 4)] == ["0", "1", "2", "4"]
