"""The pictures that a recluster run put into another cluster, as events."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from shared.store import Events, Files
from worker.engine.report.placement import Change
from worker.pipeline.members import make_event

TOLD: Final = 50_000  # of one run, at most: half of what the stream keeps; changes.csv has all
_AT_ONCE: Final = 1000


class MovesStore(Files, Events, Protocol):
    """Where verdicts stand, and where events go."""


def tell_moves(store: MovesStore, moves: Sequence[Change], now: float, holder: str) -> int:
    """An event for each file whose cluster changed, with the verdict that stands; how many.

    A file whose record changes meanwhile has none: its own event says more. holder: of the lease of recluster runs.
    After the generation is published: a run that is killed in between has told none, and its changes.csv has them all.
    """
    told = 0
    for start in range(0, len(moves[:TOLD]), _AT_ONCE):
        part = moves[start : start + _AT_ONCE]
        records = store.records([move.path for move in part])
        standing = [(move, record) for move, record in zip(part, records, strict=True) if record and record.verdict]
        changes = [(move.path, record, record) for move, record in standing]
        events = [
            replace(make_event(move.path, record, move.after, now), cluster_before=move.before)
            for move, record in standing
        ]
        told += sum(store.give_verdicts(changes, events, correction=True, holder=holder))
    return told
