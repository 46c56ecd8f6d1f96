"""The pictures that a recluster run put into another cluster, as events."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.records import Event, Record
from shared.store import Events
from worker.engine.report.placement import Change
from worker.pipeline.members import at_text

RECLUSTERED: Final = "reclustered"  # in place of a verdict, in the event stream
TOLD: Final = 50_000  # of one run, at most: half of what the stream keeps; changes.csv has all


def tell_moves(store: Events, moves: Sequence[Change], records: Mapping[str, Record], now: float) -> int:
    """An event for each file whose cluster changed; how many.

    After the generation is published: a run that is killed in between has told none, and its changes.csv has them all.
    """
    told = moves[:TOLD]
    store.tell([
        Event(
            at_text(now), move.path, records[move.path].digest, RECLUSTERED, records[move.path].duplicate_of,
            cluster=move.after, cluster_before=move.before, reason=f"cluster {move.after}, {move.before} before",
        )
        for move in told
    ])  # fmt: skip
    return len(told)
