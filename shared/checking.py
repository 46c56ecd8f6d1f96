"""Asking the running workers what a picture would be in the collection: for the command line, and for a web server."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from celery import Celery

from shared import names
from shared.broker import make_app, wake_feature_worker, workers
from shared.errors import Unavailable, UnreadableImage
from shared.failures import FailureKind
from shared.records import Event, Verdict
from shared.records.checks import LONGEST_NAME, CheckAnswer, Question, Stage, Unanswered
from shared.records.collection import at_text
from shared.settings import Settings
from shared.store.redis_checks import KEPT_SECONDS, RedisChecks
from shared.wording import size_of

PATIENCE: Final = 10.0  # seconds, where nothing else is said
LARGEST: Final = 64 << 20  # bytes of a picture that is asked about: it travels through Redis
FULL_SECONDS: Final = 0.1  # between two tries to get into a line that is full
LOOK_SECONDS: Final = 2.0  # without an answer, until it is asked whether anybody is there
_WHO: Final = {
    Stage.DESCRIBE: (names.QUEUE_FEATURES, "the feature worker"),
    Stage.COMPARE: (names.QUEUE_VERDICTS, "the verdict writer"),
}


class Asker:
    """Asks. Any number of threads may use one; it connects when it is first used."""

    def __init__(self, app: Celery, checks: RedisChecks, present: Callable[[], list[str]] | None = None) -> None:
        """present: names of the workers that answer a ping, such as `features@host`."""
        self._app = app
        self._checks = checks
        self._present = present or partial(workers, app, 1.0)

    @classmethod
    def of(cls, settings: Settings) -> "Asker":
        """For the workers of these settings' Redis."""
        return cls(make_app(settings), RedisChecks.connect(settings.store))

    def ask(self, data: bytes, name: str, patience: float = PATIENCE) -> CheckAnswer:
        """What the picture with these bytes would be. It changes nothing, and nothing of it is kept.

        name: what the answer calls it. patience: seconds to wait, up to KEPT_SECONDS. What is no picture is an answer,
        too: its verdict is `failed`, with the reason. Raises UnreadableImage for more than LARGEST bytes, Unavailable
        where nobody answers in time, which says who did not. About half a second while the workers have nothing else
        to do, and as long as one batch takes more while they do.
        """
        if len(data) > LARGEST:
            raise UnreadableImage(
                FailureKind.TOO_LARGE, f"is too large to be sent to the workers: more than {size_of(LARGEST)}"
            )
        question = Question(uuid4().hex, name[-LONGEST_NAME:])
        deadline = time.monotonic() + min(patience, KEPT_SECONDS)
        while not self._checks.ask(question, data):
            if time.monotonic() > deadline:
                raise Unavailable("the line of checks", f"was full for {patience:g} s: too many ask", "ask again later")
            time.sleep(FULL_SECONDS)
        try:
            wake_feature_worker(self._app)
            reply = self._wait(question, deadline, patience)
        finally:
            self._checks.withdraw(question)
        if isinstance(reply, Unanswered):
            raise Unavailable(reply.who, reply.why, reply.remedy)
        return reply

    def _wait(self, question: Question, deadline: float, patience: float) -> CheckAnswer | Unanswered:
        """The reply. Raises Unavailable, as soon as it is known that nobody is there."""
        looked = False
        while (left := deadline - time.monotonic()) > 0:
            reply = self._checks.wait(question, min(left, LOOK_SECONDS if not looked else 10.0))
            if reply is not None:
                return reply
            if not looked:
                self._look(question)
                looked = True
        stage, node = self._checks.progress(question)
        raise Unavailable(*describe_delay(stage, node, patience))

    def _look(self, question: Question) -> None:
        """Raise Unavailable where nobody is there for the stage that a check is in."""
        present = self._present()
        stage, node = self._checks.progress(question)
        queue, who = _WHO[stage]
        if not node and not any(name.startswith(f"{queue}@") for name in present):
            raise Unavailable(who, "does not answer: none runs", "is `imagesieve up` running?")


def read_picture(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file, which may lie anywhere. Raises UnreadableImage where it cannot be read, or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise UnreadableImage(
            FailureKind.TOO_LARGE,
            f"is too large: more than {size_of(max_bytes)}, which is what IMAGESIEVE_MAX_BYTES allows",
        )
    return data


def not_read(name: str, error: UnreadableImage) -> CheckAnswer:
    """The answer about a file that cannot be read: nobody is asked."""
    event = Event(at=at_text(time.time()), path=name, digest="", verdict=Verdict.FAILED, reason=str(error))
    return CheckAnswer(event, failure=error.kind)


def describe_delay(stage: Stage, node: str, seconds: float) -> tuple[str, str, str]:
    """Who did not answer in time, why, and what to do (pure). node: who works on it, "" for nobody."""
    _, who = _WHO[stage]
    if not node:
        return who, f"has other work and did not begin with the picture within {seconds:g} s", "ask again"
    why = f"began with the picture and did not finish within {seconds:g} s ({node})"
    return who, why, "it may be starting, or stuck: ask again, and see its log"
