"""Whether two files of the collection show the same picture: sketches first, then the pixels themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from shared.errors import CorruptValue, ImagesieveError
from shared.records import Match, Record, Reference
from shared.store import Store
from worker.engine.decode import Picture, decode
from worker.engine.sketch import Sketch
from worker.engine.verify import PIXEL_SIDE, Thresholds, verify, verify_pixels
from worker.pipeline.files import read_file


@dataclass(frozen=True, slots=True)
class File:
    """A ready file of the collection."""

    path: str
    record: Record


@dataclass(frozen=True)
class Comparison:
    """The collaborators of a comparison: where sketches are, where files are, when two pictures count as the same."""

    store: Store
    root: Path
    thresholds: Callable[[], Thresholds]
    max_pixels: int
    max_bytes: int

    def compare(self, keeper: File, other: File) -> Match | None:
        """The match of `other` with `keeper`, in words that say how it was edited; None where they differ.

        Where the sketches match but cannot settle it (pages, products on white) the decoded files are compared; where
        one cannot be read any more the answer is None, because nothing is a duplicate unproved. A few milliseconds,
        and about 100 more where files are decoded.
        """
        sketches = self._sketches(keeper, other)
        if sketches is None:
            return None
        thresholds = self.thresholds()
        found = verify(*sketches, thresholds)
        if found is not None and not found.settled:
            one, two = self._picture(keeper), self._picture(other)
            if one is None or two is None:
                return None
            found = verify_pixels((one, two), sketches, found, thresholds)
        return Match(found.similarity, found.reason) if found else None

    def _sketches(self, keeper: File, other: File) -> tuple[Sketch, Sketch] | None:
        raws = self.store.sketches([keeper.record.digest, other.record.digest])
        try:
            one, two = (Sketch.from_bytes(raw) for raw in raws if raw is not None)
        except (CorruptValue, ValueError):
            return None  # missing or damaged: made anew when the file is next extracted
        return one, two

    def _picture(self, file: File) -> Picture | None:
        try:
            reference = Reference(file.path, file.record.size, file.record.mtime_ns)
            picture = decode(read_file(self.root, reference, self.max_bytes).data, self.max_pixels)
        except ImagesieveError:
            return None
        scale = PIXEL_SIDE / max(picture.shape[:2])
        return picture if scale >= 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
