"""From the references of a message to features in the store, a batch at a time.

While the network looks at one batch the files of the next are read and decoded.
"""

import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np

from shared.errors import TransientError, Unavailable
from shared.failures import FailureKind
from shared.records import Record, Reference, State
from shared.store import Attempts, Change, Counter, Image
from worker.engine.search.encoding import encode, has_features
from worker.pipeline.extracting.extraction import Extraction
from worker.pipeline.extracting.guard import DecoderStuck
from worker.pipeline.extracting.outcome import Outcome
from worker.pipeline.extracting.reading import Digested, ReadFile, Reading, Refused, begin_reading, end_reading

# A worker that dies leaves the attempt counted. After the second time a reference goes alone, so that one poisonous
# image does not take 31 good ones with it; a lone one that fails too often is given up (see `reading`).
ATTEMPTS_TOGETHER = 2
PART: Final = 8  # pictures of a forward pass while checks are expected

NO_FEATURES: Final = (
    "the network gives no features for it: they are all zero, or not finite; check IMAGESIEVE_WEIGHTS and "
    "IMAGESIEVE_PRECISION. With other weights it is tried again"
)


@dataclass(frozen=True)
class _Batch:
    """A batch that is being read, and the references that are to go alone instead."""

    taken: list[Reference]
    reading: list[Reading]
    alone: list[Reference]


def extract_batches(references: Sequence[Reference], extraction: Extraction) -> Iterator[Outcome]:
    """Bring every file to READY or FAILED, and its features into the store; what became of each batch, as it is done.

    A file deleted, replaced or finished since the message was sent is skipped: its record says so. Running a message
    twice changes nothing. Raises Unavailable when the store or the watched folder is away; batches before stay done.
    Raises DecoderStuck when a file keeps its decoder for too long; it is recorded, and the caller has to end this
    process, for a thread of it is lost.
    """
    known = extraction.store.records([reference.path for reference in references])
    waiting = {
        reference: record
        for reference, record in zip(references, known, strict=True)
        if record and record.state is State.PENDING and record.describes(reference)
    }
    yield Outcome(skipped=len(references) - len(waiting), finished=_tidy_up(references, known, extraction.store))
    left = iter(waiting)
    lone = len(references) == 1
    begun: list[_Batch] = []
    stored: set[str] = set()
    try:
        extraction.meanwhile.work()
        while True:
            if extraction.meanwhile.is_due():
                _work_meanwhile(begun, extraction)
            while len(begun) < 2 and (part := list(islice(left, extraction.batch_size))):
                begun.append(_begin(part, lone, extraction))
            if not begun:
                return
            yield from _work_off(begun, waiting, stored, extraction)
            begun.pop(0)
    except TransientError:
        with suppress(Unavailable):  # nothing here is to blame
            extraction.store.finish([reference.path for batch in begun for reference in batch.taken])
        raise
    except DecoderStuck as stuck:
        # The others of these batches are not to blame for what follows, which is the end of this process.
        extraction.store.complete(
            [
                _change(
                    reference, waiting[reference], Refused(FailureKind.DECODER, str(stuck)), frozenset(), extraction
                )
                for reference in stuck.files
            ]
        )
        extraction.store.finish([reference.path for batch in begun for reference in batch.taken])
        raise
    finally:
        for batch in begun:
            for future in batch.reading:
                future.cancel()


def _work_meanwhile(begun: Sequence[_Batch], extraction: Extraction) -> None:
    """With no attempt counted at the files that are being read: they are not to blame for what may follow."""
    paths = [reference.path for batch in begun for reference in batch.taken]
    extraction.store.finish(paths)
    extraction.meanwhile.work()
    extraction.store.begin(paths)


def _tidy_up(references: Sequence[Reference], known: Sequence[Record | None], attempts: Attempts) -> list[str]:
    """Finish for a worker that died once its work was stored: forget attempts, give the paths for a verdict."""
    over = [
        (reference, record)
        for reference, record in zip(references, known, strict=True)
        if record is None or record.state is not State.PENDING
    ]
    attempts.finish([reference.path for reference, _ in over])
    return [
        reference.path for reference, record in over if record and not record.verdict and record.describes(reference)
    ]


def _begin(part: Sequence[Reference], lone: bool, extraction: Extraction) -> _Batch:
    """Count the attempts and begin to read. What was in hand when workers died goes alone, unless it is `lone`."""
    attempts = dict(zip(part, extraction.store.begin([reference.path for reference in part]), strict=True))
    alone = [] if lone else [reference for reference in part if attempts[reference] > ATTEMPTS_TOGETHER]
    taken = [reference for reference in part if reference not in alone]
    return _Batch(taken, begin_reading(taken, [attempts[reference] for reference in taken], extraction), alone)


def _work_off(
    begun: Sequence[_Batch], waiting: dict[Reference, Record], stored: set[str], extraction: Extraction
) -> Iterator[Outcome]:
    """Compute and store the first batch that is being read; `stored` are the digests this message has brought so far.

    First comes what needs no forward pass: known bytes, what is compared by them alone, and files that are no pictures.
    """
    started, batch = time.perf_counter(), begun[0]
    seen, spent = end_reading(batch.reading, extraction)
    looks = {reference: look for reference, look in zip(batch.taken, seen, strict=True) if look is not None}
    found = [look for look in looks.values() if isinstance(look, ReadFile)]
    fresh = {look.digest: look for look in found if look.square is not None and look.digest not in stored}
    due = {r: look for r, look in looks.items() if isinstance(look, ReadFile) and look.digest in fresh}
    at_once = {r: look for r, look in looks.items() if r not in due}
    read = time.perf_counter()
    if at_once:
        yield _complete(at_once, frozenset(), waiting, extraction)
    waited = time.perf_counter()
    images = _compute(list(fresh.values()), extraction, begun)
    computed = time.perf_counter()
    extraction.store.put_images(extraction.extractor_id, images)
    mute = fresh.keys() - {image[0] for image in images}
    stored.update(fresh.keys() - mute)
    outcome = _complete(due, mute, waiting, extraction) if due else Outcome()
    extraction.store.add(Counter.COMPUTED, len(images))
    extraction.store.finish([reference.path for reference in batch.taken])
    yield outcome + Outcome(
        cached=len(found) - len(fresh),
        skipped=len(batch.taken) - len(looks),
        alone=batch.alone,
        seconds={
            "read": spent,
            "wait": read - started,
            "forward": computed - waited,
            "store": time.perf_counter() - computed,
        },
    )


def _complete(
    looks: Mapping[Reference, ReadFile | Digested | Refused],
    mute: Set[str],
    waiting: Mapping[Reference, Record],
    extraction: Extraction,
) -> Outcome:
    """Put on record what these files were found to be."""
    changes = [_change(reference, waiting[reference], look, mute, extraction) for reference, look in looks.items()]
    done = extraction.store.complete(changes)
    failed = sum(changed.state is State.FAILED for _, _, changed in changes)
    return Outcome(
        ready=len(changes) - failed,
        failed=failed,
        finished=[path for (path, _, _), changed in zip(changes, done, strict=True) if changed],
    )


def _compute(looks: Sequence[ReadFile], extraction: Extraction, begun: Sequence[_Batch]) -> list[Image]:
    """Features of distinct pictures, without those that the network gives none for: one forward pass.

    Several small ones while somebody may ask something in between, which takes a twentieth longer.
    """
    if not looks:
        return []
    squares = np.stack([look.square for look in looks if look.square is not None])
    size = PART if extraction.meanwhile.is_expected() else len(squares)
    parts = []
    for start in range(0, len(squares), size):
        if start and extraction.meanwhile.is_due():
            _work_meanwhile(begun, extraction)
        parts.append(extraction.network.extract(squares[start : start + size]))
    features = np.concatenate(parts)
    sound = np.flatnonzero(has_features(features)).tolist()
    encoded = encode(features[sound], extraction.encoding)
    able = [looks[row] for row in sound]
    return [(look.digest, look.facts, raw, look.sketch) for look, raw in zip(able, encoded, strict=True)]


def _change(
    reference: Reference, seen: Record, look: ReadFile | Digested | Refused, mute: Set[str], extraction: Extraction
) -> Change:
    """mute: digests that the network gives no features for; the file is not to blame, so another extractor may try."""
    changed = replace(seen, since=extraction.now())
    if isinstance(look, Refused) or look.digest != seen.digest:  # a verdict was kept only for the same bytes
        changed = replace(changed.with_verdict(""), digest="")
    if isinstance(look, Refused):
        return reference.path, seen, replace(changed, state=State.FAILED, failure=look.kind, reason=look.reason)
    if isinstance(look, Digested):
        return reference.path, seen, replace(changed, state=State.READY, digest=look.digest)
    if look.digest in mute:
        return (
            reference.path,
            seen,
            replace(
                changed,
                state=State.FAILED,
                failure=FailureKind.OTHER,
                reason=NO_FEATURES,
                extractor=extraction.extractor_id,
            ),
        )
    ready = replace(
        changed,
        state=State.READY,
        digest=look.digest,
        width=look.facts.width,
        height=look.facts.height,
        content=look.facts.content,
        holds=look.facts.holds,
        nature=look.facts.nature,
        extractor=extraction.extractor_id,
    )
    return reference.path, seen, ready
