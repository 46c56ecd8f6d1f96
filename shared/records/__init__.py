"""Frozen records that travel between processes or lie in Redis, and their JSON."""

from shared.records.collection import Event, Generation, Owner
from shared.records.files import Counts, Record, Reference, State
from shared.records.images import Extractor, ImageFacts, Match, Pair, pair_of
from shared.records.kinds import Kind, Verdict

__all__ = [
    "Counts", "Event", "Extractor", "Generation", "ImageFacts", "Kind", "Match", "Owner", "Pair", "Record", "Reference",
    "State", "Verdict", "pair_of",
]  # fmt: skip
