"""From a batch of references to features in the store."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared import names
from shared.errors import CorruptValue, FileChanging, PermanentError, TransientError, Unavailable
from shared.records import ImageFacts, Record, Reference, State
from shared.store import Change, Image, Store
from worker.engine.decode import decode, shrink
from worker.engine.encoding import encode
from worker.engine.sketch import describe, pixel_digest
from worker.pipeline.files import read_file

# A worker that dies leaves the attempt counted. After the second time a reference goes alone, so that one poisonous
# image does not take 31 good ones with it; a lone one that fails this often is given up.
ATTEMPTS_TOGETHER = 2
ATTEMPTS_AT_ALL = 5

Pictures = NDArray[np.uint8]  # [n, 224, 224, 3], RGB
Features = NDArray[np.float32]  # [n, 4096]


@dataclass(frozen=True)
class Extraction:
    """The collaborators of `extract_batch`. extract: pictures -> features, float32 `[n, 4096]`, one forward pass."""

    root: Path
    store: Store
    extractor_id: str
    extract: Callable[[Pictures], Features]
    executor: Executor
    now: Callable[[], float]
    max_pixels: int
    max_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: numbers of files, the references to send again alone, the paths to give a verdict."""

    ready: int = 0
    cached: int = 0
    failed: int = 0
    skipped: int = 0
    alone: list[Reference] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Look:
    """One file after reading: picture is None when its features are in the store already."""

    digest: str
    facts: ImageFacts
    picture: Pictures | None
    sketch: bytes = b""


def extract_batch(references: Sequence[Reference], tools: Extraction) -> Outcome:
    """Bring every file of the batch to READY or FAILED, and its features into the store.

    A file deleted, replaced or finished since the message was sent is skipped: its record says so. Running a batch
    twice changes nothing. Raises Unavailable when the store or the watched folder is away.
    """
    known = tools.store.records([reference.path for reference in references])
    waiting = {
        reference: record
        for reference, record in zip(references, known, strict=True)
        if record and record.state is State.PENDING and record.describes(reference.size, reference.mtime_ns)
    }
    attempts = dict(zip(waiting, tools.store.begin([reference.path for reference in waiting]), strict=True))
    alone = [r for r in waiting if attempts[r] > ATTEMPTS_TOGETHER and len(references) > 1]
    taken = {reference: attempts[reference] for reference in waiting if reference not in alone}
    try:
        outcome = _work_off(taken, waiting, tools)
    except TransientError:
        with suppress(Unavailable):
            tools.store.finish([reference.path for reference in taken])  # nothing here is to blame
        raise
    done = outcome.ready + outcome.failed + len(alone)
    return replace(outcome, alone=alone, skipped=len(references) - done)


def _work_off(taken: dict[Reference, int], waiting: dict[Reference, Record], tools: Extraction) -> Outcome:
    """Read, compute and store; `taken` maps each reference to how often it was tried."""
    started = time.perf_counter()
    looks = list(tools.executor.map(lambda reference: _look(reference, taken[reference], tools), taken))
    read = time.perf_counter()
    found = {reference: look for reference, look in zip(taken, looks, strict=True) if isinstance(look, _Look)}
    images = _compute(list(found.values()), tools)
    computed = time.perf_counter()
    tools.store.put_images(tools.extractor_id, images)
    changes = [_change(r, waiting[r], look, tools) for r, look in zip(taken, looks, strict=True) if look is not None]
    done = tools.store.complete(changes)
    tools.store.add(names.KEY_COMPUTED, len(images))
    tools.store.finish([reference.path for reference in taken])
    return Outcome(
        ready=len(found),
        cached=sum(look.picture is None for look in found.values()),
        failed=sum(isinstance(look, str) for look in looks),
        finished=[path for (path, _, _), changed in zip(changes, done, strict=True) if changed],
        seconds={"read": read - started, "forward": computed - read, "store": time.perf_counter() - computed},
    )


def _look(reference: Reference, attempt: int, tools: Extraction) -> _Look | str | None:
    """Read, digest, ask the cache, decode what is missing. A str is a reason to fail; None: leave it pending."""
    if attempt > ATTEMPTS_AT_ALL:
        return f"it crashed the decoder: {attempt - 1} workers died while they held it"
    try:
        contents = read_file(tools.root, reference, tools.max_bytes)
        [facts] = tools.store.facts(tools.extractor_id, [contents.digest])
        if facts:
            return _Look(contents.digest, facts, None)
        picture = decode(contents.data, tools.max_pixels)
    except FileChanging:
        return None  # its next settled state is a reference of its own
    except PermanentError as error:
        return str(error)
    height, width = picture.shape[:2]
    facts = ImageFacts(width, height, pixel_digest(picture))
    return _Look(contents.digest, facts, shrink(picture), describe(picture).to_bytes())


def _compute(looks: Sequence[_Look], tools: Extraction) -> list[Image]:
    """Features of each distinct picture that has none yet: one forward pass."""
    missing = {look.digest: look for look in looks if look.picture is not None}
    if not missing:
        return []
    features = tools.extract(np.stack([look.picture for look in missing.values() if look.picture is not None]))
    if not np.isfinite(features).all():
        raise CorruptValue(
            "the network gave features that are not finite; check IMAGESIEVE_WEIGHTS and IMAGESIEVE_PRECISION"
        )
    encoded = encode(features)
    return [(look.digest, look.facts, raw, look.sketch) for look, raw in zip(missing.values(), encoded, strict=True)]


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
        extractor=tools.extractor_id,
    )
    return reference.path, seen, ready
