"""Whether two files of the collection show the same picture: sketches first, then the pixels themselves."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from shared.errors import CorruptValue, DamagedImages, ImagesieveError
from shared.records import Match, Record, Reference
from shared.store import Images
from worker.engine.matching.verify import PIXEL_SIDE, Thresholds, verify, verify_pixels
from worker.engine.picture.decode import Picture, decode_reduced
from worker.engine.sketch.sketch import Sketch
from worker.pipeline.files import read_file
from worker.pipeline.storage import ReadableStorage

Compare = Callable[["File", "File"], Match | None]
SKETCHES_KEPT = 64  # sketches that are kept, 5 KiB each


@dataclass(frozen=True, slots=True)
class File:
    """A ready file of the collection."""

    path: str
    record: Record


@dataclass(frozen=True)
class Comparison:
    """The collaborators of a comparison: where sketches are, where files are, when two pictures count as the same."""

    store: Images
    storage: ReadableStorage
    thresholds: Callable[[], Thresholds]
    max_pixels: int
    max_bytes: int
    _latest: dict[str, Sketch] = field(default_factory=dict)

    def compare(self, keeper: File, other: File) -> Match | None:
        """The match of `other` with `keeper`, in words that say how it was edited; None where they differ.

        Where the sketches match but cannot settle it (pages, products on white) the decoded files are compared; where
        one cannot be read any more the answer is None, because no file counts as a duplicate without proof. A few
        milliseconds, and about 100 more where files are decoded. Raises DamagedImages where a sketch is missing or not
        sound.
        """
        return self.compare_sketch(keeper, self._sketch(other), lambda: self._picture(other))

    def compare_sketch(self, keeper: File, sketch: Sketch, picture: Callable[[], Picture | None]) -> Match | None:
        """The same for a picture that is not in the collection; `picture` is asked for it only where it is needed."""
        sketches, thresholds = (self._sketch(keeper), sketch), self.thresholds()
        found = verify(*sketches, thresholds)
        if found is not None and not found.settled:
            one, two = self._picture(keeper), picture()
            if one is None or two is None:
                return None
            found = verify_pixels((one, two), sketches, found, thresholds)
        return Match(found.similarity, found.reason) if found else None

    def _sketch(self, file: File) -> Sketch:
        """The sketch of a file; the latest are kept, for one picture is compared with many in a row."""
        digest = file.record.digest
        found = self._latest.pop(digest, None)
        if found is None:
            [raw] = self.store.sketches([digest])
            try:
                found = Sketch.from_bytes(raw or b"")
            except CorruptValue as error:
                raise DamagedImages([digest]) from error
        self._latest[digest] = found
        if len(self._latest) > SKETCHES_KEPT:
            del self._latest[next(iter(self._latest))]
        return found

    def _picture(self, file: File) -> Picture | None:
        try:
            reference = Reference(file.path, file.record.size, file.record.mtime_ns)
            contents = read_file(self.storage, reference, self.max_bytes)
            if contents.digest != file.record.digest:
                return None  # an edit that kept size and time
            decoded = decode_reduced(contents.data, self.max_pixels)
        except ImagesieveError:
            return None
        return reduced(decoded.picture)


def reduced(picture: Picture) -> Picture:
    """The picture, no larger than the comparison of pixels needs."""
    scale = PIXEL_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
