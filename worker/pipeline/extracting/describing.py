"""The feature worker's part of a check: a picture that is in no folder is described, and nothing of it is kept.

It is decoded as any other, under the same limits, but by threads and a guard of its own: what a check does to a decoder
is no file's fault.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, wait
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.failures import FailureKind
from shared.records import Reference
from shared.records.checks import Question, Unanswered
from shared.wording import size_of
from worker.engine.picture.decode import Picture, probe, shrink
from worker.engine.search.encoding import has_features, stack
from worker.engine.sketch.impression import take_impression
from worker.network.port import Network
from worker.pipeline.checks import Asked, Checks, Described
from worker.pipeline.comparison import see_picture
from worker.pipeline.extracting.extract import NO_FEATURES
from worker.pipeline.extracting.guard import DecoderStuck, Guard
from worker.pipeline.extracting.reading import Refused

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.2  # between two looks whether a decoder is stuck
BESIDE: Final = Unanswered("the feature worker", "had to end beside another picture that kept its decoder", "ask again")
CHECK_DECODE_SECONDS: Final = 10.0  # of a processor, at most: somebody waits


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as it was decoded. square: for the network; None where there is none, or the features are known."""

    described: Described
    square: Picture | None = None


def look_at(data: bytes, max_pixels: int, side: int) -> Look:
    """Decode and describe the bytes of a file, all but its features. What is no picture says why."""
    try:
        seen, fine = take_impression(data, max_pixels), see_picture(data, max_pixels)
    except PermanentError as error:
        return Look(_refused(data, Refused.by(error)))
    described = Described(
        hashlib.sha256(data).hexdigest(),
        len(data),
        facts=seen.facts,
        sketch=seen.sketch.to_bytes(),
        fine=fine.picture,
        several=fine.several,
    )
    return Look(described, shrink(seen.shown, side))


def add_features(looks: Sequence[Look], network: Network, extractor: str) -> list[Described]:
    """The descriptions, with the features of those that are pictures: one forward pass."""
    squares = [look.square for look in looks if look.square is not None]
    features = network.extract(np.stack(squares)) if squares else np.empty((0, 0), np.float32)
    rows, sound = iter(features), iter(has_features(features) if squares else ())
    return [
        look.described if look.square is None else _with(look.described, next(rows), bool(next(sound)), extractor)
        for look in looks
    ]


def _with(described: Described, row: NDArray[np.float32], sound: bool, by: str) -> Described:
    if not sound:
        return Described(described.digest, described.size, failure=FailureKind.OTHER, reason=NO_FEATURES)
    return replace(described, features=row, extractor=by)


def _refused(data: bytes, why: Refused) -> Described:
    return Described(hashlib.sha256(data).hexdigest(), len(data), failure=why.kind, reason=why.reason)


@dataclass(frozen=True)
class Describing:
    """Describes checks and passes them on.

    known: stored features by digest, so that a copy needs no forward pass. tell: the verdict writer that some wait.
    """

    checks: Checks
    network: Network
    extractor: str
    executor: Executor
    guard: Guard
    max_pixels: int
    max_bytes: int
    known: Callable[[Sequence[str]], list[bytes | None]]
    tell: Callable[[], None]

    def serve(self, asked: Sequence[Asked]) -> None:
        """Describe all; raises DecoderStuck once the others are passed on: a thread is lost, and so this process."""
        stuck = self._pass_on(asked)
        if stuck:
            raise DecoderStuck((), self.guard.seconds)

    def _pass_on(self, asked: Sequence[Asked]) -> bool:
        """Whether a decoder is stuck."""
        futures = [self.executor.submit(self._look, question, data) for question, data in asked]
        left, overdue = set(futures), set[str]()
        while left and not overdue:
            _, left = wait(left, LOOK_SECONDS)
            overdue = {one.path for one in self.guard.overdue()} if left else overdue
        looks: dict[Question, Look] = {}
        for (question, data), future in zip(asked, futures, strict=True):
            if question.id in overdue:
                looks[question] = Look(_refused(data, self._slow))
            elif future in left:
                self.checks.reply(question, BESIDE)
            elif error := future.exception():  # a picture that makes a library raise anything
                logger.error("a check failed", exc_info=error)
                self.checks.reply(question, Unanswered(BESIDE.who, f"could not look at it: {error!r}"))
            else:
                looks[question] = future.result()
        recalled = self._recall(list(looks.values()))
        found = add_features(recalled, self.network, self.extractor)
        for question, described in zip(looks, found, strict=True):
            self.checks.pass_on(question, described.to_bytes())
        self.tell()
        return bool(overdue)

    def _recall(self, looks: Sequence[Look]) -> list[Look]:
        """With the features of those that the collection has under the same digest. One round trip."""
        raws = self.known([look.described.digest for look in looks]) if looks else []
        rows, sound = stack([raw if look.square is not None else None for raw, look in zip(raws, looks, strict=True)])
        found = list(looks)
        for row, place in zip(rows, sound, strict=True):
            found[place] = Look(replace(looks[place].described, features=row, extractor=self.extractor))
        return found

    @property
    def _slow(self) -> Refused:
        return Refused(FailureKind.DECODER, str(DecoderStuck((), self.guard.seconds)))

    def _look(self, question: Question, data: bytes) -> Look:
        if len(data) > self.max_bytes:
            return Look(_refused(data, Refused(FailureKind.TOO_LARGE, f"more than {size_of(self.max_bytes)}")))
        try:
            header = probe(data)
        except PermanentError as error:
            return Look(_refused(data, Refused.by(error)))
        with self.guard.decoding(Reference(question.id, len(data), 0), header.width * header.height):
            return look_at(data, self.max_pixels, self.network.side)
