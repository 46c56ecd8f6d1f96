"""One stage of the checks, as a process serves it between its other work; and what one stage leaves to the next.

Nothing that comes of a check disturbs that other work: what goes wrong is the answer.
"""

import io
import json
import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue, DamagedImages, ImagesieveError, Unavailable
from shared.failures import FailureKind
from shared.records import ImageFacts, Record, State, Verdict
from shared.records.checks import CheckAnswer, Question, Stage, Unanswered
from worker.pipeline.members import make_event

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.1  # between two looks whether somebody asks
EXPECTED_SECONDS: Final = 60.0  # after a check another one is expected: a person tries several, a program many
AT_ONCE: Final = 8  # checks in one forward pass
CRASHED: Final = "it crashed the decoder: the worker that held it died"

Asked = tuple[Question, bytes]


class Checks(Protocol):
    """Where the checks wait, for workers; see shared.store.redis_checks."""

    def is_asked(self, stage: Stage) -> bool:
        """Whether a check waits for this stage."""

    def take(self, stage: Stage, node: str, count: int) -> list[Asked]:
        """Up to `count` checks that wait, with what the stage before left of them."""

    def abandoned(self, stage: Stage, node: str) -> list[Question]:
        """Checks that a process of this node had in hand when it died."""

    def pass_on(self, question: Question, described: bytes) -> None:
        """Put a check in line to be compared."""

    def reply(self, question: Question, reply: CheckAnswer | Unanswered) -> None:
        """Answer a check."""


class Meanwhile(Protocol):
    """What is done between two pieces of other work."""

    def is_due(self) -> bool:
        """Whether there is anything to do. Cheap."""

    def is_expected(self) -> bool:
        """Whether more of it may come at any moment, so that other work is better done in small pieces."""

    def work(self) -> None:
        """Do it."""


class Nothing:
    """Nothing is done between."""

    def is_due(self) -> bool:
        """Never."""
        return False

    def is_expected(self) -> bool:
        """Never."""
        return False

    def work(self) -> None:
        """Do nothing."""


NOTHING: Final = Nothing()


@dataclass
class Serving:
    """Serves a stage. who: for people, such as `the feature worker`. node: which one, `features@host`.

    serve: replies to those that it can reply to, or passes them on; it may raise, and the others are told why.
    is_over: what to reply for a check that its process died of. renew: has damaged pictures sent again. ends: errors of
    `serve` that end this process, which are the caller's; it has replied by then.
    """

    checks: Checks
    stage: Stage
    who: str
    node: str
    serve: Callable[[Sequence[Asked]], None]
    is_over: Callable[[Question], CheckAnswer | Unanswered]
    renew: Callable[[Collection[str]], None] = lambda _: None
    ends: tuple[type[Exception], ...] = ()
    now: Callable[[], float] = time.monotonic
    _looked: float = field(default=float("-inf"), init=False)
    _served: float = field(default=float("-inf"), init=False)
    _begun: bool = field(default=False, init=False)

    def is_due(self) -> bool:
        """Whether somebody asks; looks ten times a second at most. False while Redis is away."""
        if self.now() - self._looked < LOOK_SECONDS:
            return False
        self._looked = self.now()
        with suppress(Unavailable):
            return not self._begun or self.checks.is_asked(self.stage)
        return False

    def is_expected(self) -> bool:
        """Whether somebody asked within the last minute."""
        return self.now() - self._served < EXPECTED_SECONDS

    def work(self) -> None:
        """Serve all that wait. Raises nothing but what ends the process."""
        try:
            if not self._begun:  # what the process before had in hand when it died
                for question in self.checks.abandoned(self.stage, self.node):
                    logger.warning("check of %r: whoever had it in hand died", question.name)
                    self.checks.reply(question, self.is_over(question))
                self._begun = True
            while taken := self.checks.take(self.stage, self.node, AT_ONCE):
                self._serve(taken)
                self._served = self.now()
        except Unavailable as error:
            logger.warning("%s; checks are not answered", error)
        self._looked = self.now()

    def _serve(self, taken: Sequence[Asked]) -> None:
        started = self.now()
        try:
            self.serve(taken)
        except self.ends:
            raise
        except DamagedImages as error:
            self.renew(error.digests)
            self._excuse(taken, str(error))
        except Unavailable as error:
            self._excuse(taken, str(error))
            raise
        except ImagesieveError as error:
            self._excuse(taken, str(error))
        except Exception as error:  # a bug, or a picture that makes a library raise anything
            logger.exception("a check failed")
            self._excuse(taken, repr(error))
        logger.info("%d checks (%s): %.3f s", len(taken), self.stage, self.now() - started)

    def _excuse(self, taken: Sequence[Asked], why: str) -> None:
        """Those that were not replied to before hear why; a second reply to the others is not read."""
        for question, _ in taken:
            self.checks.reply(question, Unanswered(self.who, f"could not look at it: {why}"))


@dataclass(frozen=True)
class Described:
    """A picture of a check as the verdict writer gets it: arrays, never bytes that nobody has decoded yet.

    size: of its bytes. failure, reason: of a file without a picture, which has none of the following. features: float32
    `[d]`. fine: RGB uint8 `[h, w, 3]`, no larger than the comparison wants it. several: see `comparison.Seen`.
    """

    digest: str
    size: int
    extractor: str = ""
    failure: str = ""
    reason: str = ""
    facts: ImageFacts | None = None
    sketch: bytes = b""
    features: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    fine: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0, 3), np.uint8))
    several: bool = False

    def to_bytes(self) -> bytes:
        """For Redis: up to 12 MB."""
        words: dict[str, Any] = {
            "digest": self.digest, "size": self.size, "extractor": self.extractor, "failure": self.failure,
            "reason": self.reason, "facts": self.facts.to_json().decode() if self.facts else "",
            "several": self.several,
        }  # fmt: skip
        out = io.BytesIO()
        np.savez(
            out,
            words=np.frombuffer(json.dumps(words).encode(), np.uint8),
            sketch=np.frombuffer(self.sketch, np.uint8),
            features=self.features,
            fine=self.fine,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Parse what `to_bytes` gave. Raises CorruptValue for anything else."""
        try:
            with np.load(io.BytesIO(raw), allow_pickle=False) as found:
                words = json.loads(found["words"].tobytes())
                facts = words.pop("facts")
                features, fine = found["features"], found["fine"]
                return cls(
                    **words,
                    facts=ImageFacts.from_json(facts.encode()) if facts else None,
                    sketch=found["sketch"].tobytes(),
                    features=np.ascontiguousarray(features, np.float32).reshape(-1),
                    fine=fine.reshape(*fine.shape[:2], 3),
                )
        except Exception as error:  # zip and numpy raise nearly any type for bytes that are none of theirs
            raise CorruptValue(f"the description of a checked picture does not parse ({error})") from error


def failed(name: str, described: Described, now: float) -> CheckAnswer:
    """What is no picture."""
    record = Record(0, 0, State.FAILED, digest=described.digest, reason=described.reason, verdict=Verdict.FAILED)
    return CheckAnswer(make_event(name, record, None, now), failure=described.failure)


def crashed(name: str, now: float) -> CheckAnswer:
    """What is taken for the end of whoever decoded it."""
    return failed(name, Described("", 0, failure=FailureKind.DECODER, reason=CRASHED), now)
