"""The files of a batch, read and described by a few threads."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import chain
from typing import Final, Self

from shared.errors import FileChanging, PermanentError, UnreadableImage
from shared.failures import FailureKind
from shared.records import ImageFacts, Reference
from worker.engine.picture.decode import Picture, probe, shrink
from worker.engine.picture.formats import recognise
from worker.engine.sketch.impression import Impression, take_impression
from worker.pipeline.extracting.extraction import Extraction
from worker.pipeline.extracting.guard import DecoderStuck
from worker.pipeline.files import Contents, digest_file, read_file

ATTEMPTS_AT_ALL: Final = 5  # a lone file that was begun so often is given up
CRASHED: Final = "it crashed the decoder: whatever worker held it died, several times"
GUARD_LOOK_SECONDS: Final = 1.0  # between two looks whether a decoder is stuck

# One thread reads so many files of a batch, and holds so many bytes, before it asks the store which of them are known:
# a round trip for each costs more than the reading, a batch in memory may be gigabytes, and all threads should read.
SHARE_TOGETHER: Final = 1 / 8
BYTES_TOGETHER: Final = 64 << 20


@dataclass(frozen=True)
class ReadFile:
    """One file after reading. square: for the network; None when the features are in the store already."""

    digest: str
    facts: ImageFacts
    square: Picture | None
    sketch: bytes = b""


@dataclass(frozen=True)
class Digested:
    """One file that is compared by its bytes alone, after reading."""

    digest: str


@dataclass(frozen=True)
class Refused:
    """A file that gives no picture, and why."""

    kind: FailureKind
    reason: str

    @classmethod
    def by(cls, error: PermanentError) -> Self:
        """What an error says of the file that raised it."""
        return cls(error.kind if isinstance(error, UnreadableImage) else FailureKind.NOT_READABLE, str(error))


Seen = ReadFile | Digested | Refused | None  # None: the file is changing, leave it pending
Reading = Future[tuple[list[Seen], float]]


def begin_reading(references: Sequence[Reference], attempts: Sequence[int], extraction: Extraction) -> list[Reading]:
    """Let threads read the files. attempts: at each of them, this one included."""
    counted = dict(zip(references, attempts, strict=True))
    return [
        extraction.executor.submit(_look, some, [counted[reference] for reference in some], extraction)
        for some in read_together(references)
    ]


def end_reading(reading: Sequence[Reading], extraction: Extraction) -> tuple[list[Seen], float]:
    """What each file was found to be, in order, and the seconds that all threads together took.

    Raises DecoderStuck as soon as one file, of this batch or the next, keeps its decoder for too long.
    """
    left = set(reading)
    while left:
        _, left = wait(left, GUARD_LOOK_SECONDS)
        if left and (overdue := extraction.guard.overdue()):
            raise DecoderStuck(overdue, extraction.guard.seconds)
    parts, spent = zip(*(future.result() for future in reading), strict=True) if reading else ((), ())
    return list(chain.from_iterable(parts)), sum(spent)


def read_together(references: Sequence[Reference]) -> Iterator[list[Reference]]:
    """The references in order, in groups of which one thread holds all the bytes (pure)."""
    group: list[Reference] = []
    most = SHARE_TOGETHER * len(references)
    for reference in references:
        full = len(group) >= most or sum(one.size for one in [*group, reference]) > BYTES_TOGETHER
        if group and full:
            yield group
            group = []
        group.append(reference)
    if group:
        yield group


def _look(references: Sequence[Reference], attempts: Sequence[int], extraction: Extraction) -> tuple[list[Seen], float]:
    """Read and digest a few files, ask the cache for all of them, decode what is missing; how many seconds it took."""
    started = time.perf_counter()
    seen: list[Seen] = [None] * len(references)
    held: dict[int, Contents] = {}
    for place, (reference, attempt) in enumerate(zip(references, attempts, strict=True)):
        if attempt > ATTEMPTS_AT_ALL:
            seen[place] = Refused(FailureKind.DECODER, CRASHED)
            continue
        try:
            if extraction.by_bytes(reference.path):
                seen[place] = Digested(digest_file(extraction.storage, reference))
                continue
            held[place] = read_file(extraction.storage, reference, extraction.max_bytes, _refuse)
        except FileChanging:
            continue  # its next settled state is a reference of its own
        except PermanentError as error:
            seen[place] = Refused.by(error)
    known = extraction.store.facts(extraction.extractor_id, [contents.digest for contents in held.values()])
    for place, facts in zip(list(held), known, strict=True):
        contents = held.pop(place)
        seen[place] = (
            ReadFile(contents.digest, facts, None) if facts else _describe(references[place], contents, extraction)
        )
    return seen, time.perf_counter() - started


def _refuse(first: bytes) -> None:
    """Raise UnreadableImage for the beginning of what is no picture. Zeros say nothing before all of them are read."""
    if first.strip(b"\0"):
        recognise(first)


def _describe(reference: Reference, contents: Contents, extraction: Extraction) -> ReadFile | Refused:
    try:
        header = probe(contents.data)
        with extraction.guard.decoding(reference, header.width * header.height):
            made, square = describe_picture(contents.data, extraction.max_pixels, extraction.network.side)
    except PermanentError as error:
        return Refused.by(error)
    return ReadFile(contents.digest, made.facts, square, made.sketch.to_bytes())


def describe_picture(data: bytes, max_pixels: int, side: int) -> tuple[Impression, Picture]:
    """What is kept of an image file, and what the network looks at. Errors as `decode`."""
    made = take_impression(data, max_pixels)
    return made, shrink(made.shown, side)
