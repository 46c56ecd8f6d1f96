"""Frozen records that travel between processes or lie in Redis, and their JSON."""

from shared.records.collection import Event, Generation, Owner
from shared.records.files import Counts, Record, Reference, State
from shared.records.images import Box, Extractor, ImageFacts, Match, Pair, Relation, pair_of
from shared.records.kinds import DUPLICATE_KINDS, Kind, Verdict

__all__ = [
    "DUPLICATE_KINDS", "Box", "Counts", "Event", "Extractor", "Generation", "ImageFacts", "Kind", "Match", "Owner",
    "Pair", "Record", "Reference", "Relation", "State", "Verdict", "pair_of",
]  # fmt: skip
