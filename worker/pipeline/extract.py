"""From the references of a message to features in the store, a batch at a time.

While the network looks at one batch the files of the next are read and decoded.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared import names
from shared.errors import CorruptValue, FileChanging, PermanentError, TransientError, Unavailable
from shared.records import ImageFacts, Record, Reference, State
from shared.store import Change, Image, Store
from worker.engine.encoding import Encoding, encode
from worker.engine.impression import take_impression
from worker.pipeline.files import Contents, read_file
from worker.pipeline.outcome import Outcome

# A worker that dies leaves the attempt counted. After the second time a reference goes alone, so that one poisonous
# image does not take 31 good ones with it; a lone one that fails this often is given up.
ATTEMPTS_TOGETHER = 2
ATTEMPTS_AT_ALL = 5

# One thread reads so many files of a batch, and holds so many bytes, before it asks the store which of them are known:
# a round trip for each costs more than the reading, a batch in memory may be gigabytes, and all threads should read.
SHARE_TOGETHER = 1 / 8
BYTES_TOGETHER = 64 << 20

Pictures = NDArray[np.uint8]  # [n, 224, 224, 3], RGB
Features = NDArray[np.float32]  # [n, 4096]


@dataclass(frozen=True)
class Extraction:
    """The collaborators of `extract_batches`.

    extract: up to batch_size pictures -> features, float32 `[n, 4096]`, one forward pass.
    """

    root: Path
    store: Store
    extractor_id: str
    extract: Callable[[Pictures], Features]
    executor: Executor
    now: Callable[[], float]
    max_pixels: int
    max_bytes: int
    batch_size: int = 32
    encoding: Encoding = "float16"


@dataclass(frozen=True)
class _Look:
    """One file after reading: picture is None when its features are in the store already."""

    digest: str
    facts: ImageFacts
    picture: Pictures | None
    sketch: bytes = b""


_Seen = _Look | str | None  # a str is a reason to fail; None: the file is changing, leave it pending


@dataclass(frozen=True)
class _Batch:
    """A batch that is being read, and the references that are to go alone instead."""

    taken: list[Reference]
    reading: list[Future[tuple[list[_Seen], float]]]
    alone: list[Reference]


def extract_batches(references: Sequence[Reference], tools: Extraction) -> Iterator[Outcome]:
    """Bring every file to READY or FAILED, and its features into the store; what became of each batch, as it is done.

    A file deleted, replaced or finished since the message was sent is skipped: its record says so. Running a message
    twice changes nothing. Raises Unavailable when the store or the watched folder is away; batches before stay done.
    """
    known = tools.store.records([reference.path for reference in references])
    waiting = {
        reference: record
        for reference, record in zip(references, known, strict=True)
        if record and record.state is State.PENDING and record.describes(reference.size, reference.mtime_ns)
    }
    yield Outcome(skipped=len(references) - len(waiting))
    left = iter(waiting)
    lone = len(references) == 1
    begun: list[_Batch] = []
    stored: set[str] = set()
    try:
        while True:
            while len(begun) < 2 and (part := list(islice(left, tools.batch_size))):
                begun.append(_begin(part, lone, tools))
            if not begun:
                return
            outcome = _work_off(begun[0], waiting, stored, tools)
            begun.pop(0)
            yield outcome
    except TransientError:
        with suppress(Unavailable):  # nothing here is to blame
            tools.store.finish([reference.path for batch in begun for reference in batch.taken])
        raise
    finally:
        for batch in begun:
            for future in batch.reading:
                future.cancel()


def _begin(part: Sequence[Reference], lone: bool, tools: Extraction) -> _Batch:
    """Count the attempts and begin to read. What was in hand when workers died goes alone, unless it is `lone`."""
    attempts = dict(zip(part, tools.store.begin([reference.path for reference in part]), strict=True))
    alone = [] if lone else [reference for reference in part if attempts[reference] > ATTEMPTS_TOGETHER]
    taken = [reference for reference in part if reference not in alone]
    reading = [
        tools.executor.submit(_look, some, [attempts[reference] for reference in some], tools)
        for some in read_together(taken)
    ]
    return _Batch(taken, reading, alone)


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


def _work_off(batch: _Batch, waiting: dict[Reference, Record], stored: set[str], tools: Extraction) -> Outcome:
    """Compute and store one batch that is being read; `stored` are the digests this message has brought so far."""
    started = time.perf_counter()
    parts, spent = zip(*(future.result() for future in batch.reading), strict=True) if batch.reading else ((), ())
    looks = dict(zip(batch.taken, chain.from_iterable(parts), strict=True))
    read = time.perf_counter()
    found = [look for look in looks.values() if isinstance(look, _Look)]
    fresh = {look.digest: look for look in found if look.picture is not None and look.digest not in stored}
    images = _compute(list(fresh.values()), tools)
    computed = time.perf_counter()
    tools.store.put_images(tools.extractor_id, images)
    stored.update(fresh)
    changes = [_change(r, waiting[r], look, tools) for r, look in looks.items() if look is not None]
    done = tools.store.complete(changes)
    tools.store.add(names.KEY_COMPUTED, len(images))
    tools.store.finish([reference.path for reference in batch.taken])
    return Outcome(
        ready=len(found),
        cached=len(found) - len(fresh),
        failed=sum(isinstance(look, str) for look in looks.values()),
        skipped=sum(look is None for look in looks.values()),
        alone=batch.alone,
        finished=[path for (path, _, _), changed in zip(changes, done, strict=True) if changed],
        seconds={
            "read": sum(spent),
            "wait": read - started,
            "forward": computed - read,
            "store": time.perf_counter() - computed,
        },
    )


def _look(references: Sequence[Reference], attempts: Sequence[int], tools: Extraction) -> tuple[list[_Seen], float]:
    """Read and digest a few files, ask the cache for all of them, decode what is missing; how many seconds it took."""
    started = time.perf_counter()
    seen: list[_Seen] = [None] * len(references)
    held: dict[int, Contents] = {}
    for place, (reference, attempt) in enumerate(zip(references, attempts, strict=True)):
        if attempt > ATTEMPTS_AT_ALL:
            seen[place] = f"it crashed the decoder: {attempt - 1} workers died while they held it"
            continue
        try:
            held[place] = read_file(tools.root, reference, tools.max_bytes)
        except FileChanging:
            continue  # its next settled state is a reference of its own
        except PermanentError as error:
            seen[place] = str(error)
    known = tools.store.facts(tools.extractor_id, [contents.digest for contents in held.values()])
    for place, facts in zip(list(held), known, strict=True):
        contents = held.pop(place)
        if facts:
            seen[place] = _Look(contents.digest, facts, None)
            continue
        try:
            made = take_impression(contents.data, tools.max_pixels)
        except PermanentError as error:
            seen[place] = str(error)
            continue
        seen[place] = _Look(contents.digest, made.facts, made.square, made.sketch.to_bytes())
    return seen, time.perf_counter() - started


def _compute(looks: Sequence[_Look], tools: Extraction) -> list[Image]:
    """Features of distinct pictures: one forward pass."""
    if not looks:
        return []
    features = tools.extract(np.stack([look.picture for look in looks if look.picture is not None]))
    if not np.isfinite(features).all():
        raise CorruptValue(
            "the network gave features that are not finite; check IMAGESIEVE_WEIGHTS and IMAGESIEVE_PRECISION"
        )
    encoded = encode(features, tools.encoding)
    return [(look.digest, look.facts, raw, look.sketch) for look, raw in zip(looks, encoded, strict=True)]


def _change(reference: Reference, seen: Record, look: _Look | str, tools: Extraction) -> Change:
    now = tools.now()
    if isinstance(look, str):
        return reference.path, seen, replace(seen, state=State.FAILED, since=now, reason=look)
    ready = replace(
        seen,
        state=State.READY,
        since=now,
        digest=look.digest,
        width=look.facts.width,
        height=look.facts.height,
        content=look.facts.content,
        extractor=tools.extractor_id,
    )
    return reference.path, seen, ready
