"""Files on record as failed, as workers leave them."""

from collections.abc import Sequence
from dataclasses import replace

from shared.failures import FailureKind
from shared.records import Reference, State
from shared.store import Store


def mark_failed(store: Store, failures: Sequence[tuple[Reference, str]], kind: FailureKind, now: float) -> None:
    """Put files on record as failed, each with its reason, all of one kind."""
    references = [reference for reference, _ in failures]
    store.mark_pending(references, now)
    seen = store.records([reference.path for reference in references])
    changes = [
        (reference.path, record, replace(record, state=State.FAILED, failure=kind, reason=reason))
        for (reference, reason), record in zip(failures, seen, strict=True)
        if record
    ]
    assert store.complete(changes) == [True] * len(failures)
