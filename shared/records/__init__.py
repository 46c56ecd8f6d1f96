"""Frozen records that travel between processes or lie in Redis, and their JSON."""

from shared.records.collection import Event, Generation, Owner
from shared.records.files import Counts, Record, Reference, State, Verdict
from shared.records.images import Extractor, ImageFacts, Match, Pair, pair_of

__all__ = [
    "Counts", "Event", "Extractor", "Generation", "ImageFacts", "Match", "Owner", "Pair", "Record", "Reference",
    "State", "Verdict", "pair_of",
]  # fmt: skip
