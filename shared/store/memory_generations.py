"""Generations, what they were made by, leases, and what is passed over, in one process's memory."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from shared import names
from shared.errors import LeaseTaken
from shared.records import Extractor, Generation
from shared.records.calibration import Calibration
from shared.records.history import HISTORY_KEPT, Snapshot
from shared.records.passed_over import Passed, PassedOver, unpack_passed
from shared.store.leases import hold_lease


class MemoryGenerations:
    """The roles Extractors, Generations, Leases and Surroundings, as dictionaries; leases do not run out."""

    def __init__(self) -> None:
        self._extractor: Extractor | None = None
        self._classes = b""
        self._thresholds: dict[str, Calibration] = {}
        self._generations: list[Generation] = []
        self._history: list[Snapshot] = []
        self._leases: dict[str, str] = {}
        self._holders: dict[str, str] = {}
        self._passed_over: PassedOver | None = None
        self._passed: dict[str, Sequence[bytes]] = {}

    def publish_extractor(self, extractor: Extractor, classes: bytes = b"") -> None:
        self._extractor, self._classes = extractor, classes

    def classes(self, extractor_id: str) -> bytes:
        return self._classes if self._extractor and self._extractor.id == extractor_id else b""

    def extractor(self) -> Extractor | None:
        return self._extractor

    def put_thresholds(self, extractor_id: str, calibration: Calibration) -> None:
        self._thresholds[extractor_id] = calibration

    def thresholds(self, extractor_id: str) -> Calibration | None:
        return self._thresholds.get(extractor_id)

    def publish(
        self, generation: Generation, keep: int, snapshot: Snapshot | None = None, holder: str = ""
    ) -> list[str]:
        if holder and self._holders.get(names.LEASE_RECLUSTER) != holder:
            raise LeaseTaken("another recluster run has begun; this one's generation is not published")
        if snapshot:
            self._history = [*(old for old in self._history if old != snapshot), snapshot][-HISTORY_KEPT:]
        kept = [old for old in self._generations if old.id != generation.id]
        self._generations = [generation, *kept][:keep]
        return [old.id for old in [generation, *kept][keep:]]

    def history(self) -> list[Snapshot]:
        return list(self._history)

    def generation(self) -> Generation | None:
        return self._generations[0] if self._generations else None

    def centroids(self, generation: str) -> bytes:
        return next((kept.centroids for kept in self._generations if kept.id == generation), b"")

    def summary(self) -> dict[str, Any] | None:
        newest = self.generation()
        return {"revision": newest.revision, **newest.summary} if newest else None

    def lease(self, name: str) -> AbstractContextManager[str]:
        return hold_lease(self, name, seconds=60)

    def take_lease(self, name: str, holder: str, seconds: float) -> bool:  # noqa: ARG002
        if self._leases.setdefault(name, holder) != holder:
            return False
        self._holders[name] = holder
        return True

    def keep_lease(self, name: str, holder: str, seconds: float) -> bool:  # noqa: ARG002
        if self._holders.get(name) != holder:
            return False
        self._leases[name] = holder
        return True

    def end_lease(self, name: str, holder: str) -> None:
        if self._leases.get(name) == holder:
            del self._leases[name]

    def holds_lease(self, name: str, holder: str) -> bool:
        return self._leases.get(name) == holder

    def put_passed_over(self, found: PassedOver, parts: Sequence[bytes]) -> None:
        self._passed_over = found
        self._passed[found.parts] = parts

    def passed_over(self) -> PassedOver | None:
        return self._passed_over

    def list_passed_over(self, found: PassedOver) -> Iterator[Passed]:
        return (row for part in self._passed.get(found.parts, ()) for row in unpack_passed(part))
