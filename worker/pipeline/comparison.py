"""Whether two files of the collection show the same picture: sketches first, then the pixels themselves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import CorruptValue, DamagedImages, ImagesieveError
from shared.records import Match, Record, Reference, Relation
from shared.store import Images
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import FINE_SIDE, PictureMatch, confirm, promising, propose
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.scaling import no_larger
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.holding import holds_sensor
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.parts import holds_several
from worker.engine.sketch.sketch import Sketch
from worker.pipeline.files import read_file
from worker.pipeline.storage import ReadableStorage

Compare = Callable[["File", "File"], Match | None]
Screen = Callable[[Sequence[str], str], set[str]]
SKETCHES_KEPT = 4096  # sketches that are kept, 10 KiB each
PICTURES_KEPT = 4  # decoded pictures that are, 12 MiB each at most


@dataclass(frozen=True, slots=True)
class File:
    """A ready file of the collection."""

    path: str
    record: Record


@dataclass(frozen=True, slots=True)
class Seen:
    """A decoded file, no larger than a comparison wants it. several: whether it has more pages or frames."""

    picture: Picture
    several: bool


@dataclass(frozen=True)
class Comparison:
    """The collaborators of a comparison: where sketches are, where files are, when two pictures count as the same."""

    store: Images
    storage: ReadableStorage
    thresholds: Callable[[], Thresholds]
    max_pixels: int
    max_bytes: int
    _latest: dict[str, Sketch] = field(default_factory=dict)
    _pictures: dict[str, Seen] = field(default_factory=dict)

    def screen(self, known: Sequence[str], new: str) -> set[str]:
        """Which of the known contents may show the picture of a new one: what is worth a comparison. All by digest.

        Nearly all candidates are strangers, and told from the others together: 6 ms for 24. One round trip for what is
        not in memory. Raises DamagedImages where a sketch is missing or not sound.
        """
        sketch, *sketches = self._sketches([new, *known])
        return _passed(known, promising(sketch, sketches))

    def screen_sketch(self, known: Sequence[str], sketch: Sketch) -> set[str]:
        """The same for a picture that is not in the collection."""
        return _passed(known, promising(sketch, self._sketches(known)))

    def compare(self, keeper: File, other: File) -> Match | None:
        """What `other` is to `keeper`, in words that say how it was edited; None where they are different pictures.

        A raw and a picture that is none are nothing to each other, in whatever folder: companions, of which either
        may have copies (docs/adr/0050).

        Where the sketches do not refuse it the decoded files are compared; where one cannot be read any more the
        answer is None, because nothing is said of a file without proof. 5 ms for strangers; where files are decoded
        their decoding and 80 to 700 ms more (benchmarks.matching). Raises DamagedImages where a sketch is missing or
        not sound.
        """
        return self.compare_seen(
            keeper, other.record.digest, self._sketch(other), lambda: self._see(other), other.record.holds
        )

    def compare_seen(
        self, keeper: File, digest: str, sketch: Sketch, see: Callable[[], Seen | None], holds: str
    ) -> Match | None:
        """The same for a picture that need not be in the collection, with its digest and sketch.

        see: asked for the picture only where it is needed, perhaps twice. holds: see ImageFacts.
        """

        def picture() -> Picture | None:
            seen = see()
            return seen.picture if seen else None

        found = self.compare_sketch(keeper, sketch, picture, holds)
        if found is None or (found.relation is Relation.NEAR and self._hold_several(keeper, see)):
            return None
        places = found.places if keeper.record.digest <= digest else found.places[::-1]
        return Match(found.similarity, found.reason, found.relation, found.share, places)

    def compare_sketch(
        self, keeper: File, sketch: Sketch, picture: Callable[[], Picture | None], holds: str
    ) -> PictureMatch | None:
        """The same for a picture that is not in the collection; `picture` is asked for it only where it is needed.

        holds: what its file holds, see ImageFacts.
        """
        if holds_sensor(keeper.record.holds) is not holds_sensor(holds):
            return None
        sketches, thresholds = (self._sketch(keeper), sketch), self.thresholds()
        proposal = propose(*sketches, thresholds)
        if proposal is None:
            return None
        two, one = picture(), self._picture(keeper)
        return None if one is None or two is None else confirm((one, two), sketches, proposal, thresholds)

    def _sketch(self, file: File) -> Sketch:
        return self._sketches([file.record.digest])[0]

    def _sketches(self, digests: Sequence[str]) -> list[Sketch]:
        """The sketches of contents; the latest are kept. One round trip for the others."""
        missing = [digest for digest in digests if digest not in self._latest]
        read = dict(zip(missing, map(_parse, self.store.sketches(missing)), strict=True)) if missing else {}
        sound = {digest: sketch for digest, sketch in read.items() if sketch is not None}
        if len(sound) < len(read):
            raise DamagedImages(sorted(read.keys() - sound.keys()))
        found = []
        for digest in digests:
            found.append(self._latest.pop(digest) if digest in self._latest else sound[digest])
            self._latest[digest] = found[-1]  # the latest stands last
        while len(self._latest) > SKETCHES_KEPT:
            del self._latest[next(iter(self._latest))]
        return found

    def _hold_several(self, keeper: File, see: Callable[[], Seen | None]) -> bool:
        """Whether both have more pages or frames behind the first, which nobody compared: two faxes of one cover."""
        one = self._see(keeper)
        if one is None or not one.several:
            return False
        other = see()
        return other is not None and other.several

    def _picture(self, file: File) -> Picture | None:
        seen = self._see(file)
        return seen.picture if seen else None

    def _see(self, file: File) -> Seen | None:
        """A file as it is now, None where it cannot be read. What was decoded last is kept: one is compared with many.

        Its bytes are read each time: nothing is said of a file that is gone.
        """
        digest = file.record.digest
        try:
            reference = Reference(file.path, file.record.size, file.record.mtime_ns)
            contents = read_file(self.storage, reference, self.max_bytes)
            if contents.digest != digest:
                return None  # an edit that kept size and time
            found = self._pictures.pop(digest, None) or see_picture(contents.data, self.max_pixels)
        except ImagesieveError:
            return None
        self._pictures[digest] = found
        if len(self._pictures) > PICTURES_KEPT:
            del self._pictures[next(iter(self._pictures))]
        return found


def see_picture(data: bytes, max_pixels: int) -> Seen:
    """Decode the bytes of an image file for a comparison. Errors as `decode`."""
    decoded = decode_reduced(data, max_pixels, least=FINE_SIDE)
    inventory = take_inventory(data, decoded.header.format)
    picture = in_srgb(decoded, data, inventory.profile)
    return Seen(no_larger(picture, FINE_SIDE), holds_several(inventory))


def _passed(digests: Sequence[str], may: Iterable[Any]) -> set[str]:
    return {digest for digest, one in zip(digests, may, strict=True) if one}


def _parse(raw: bytes | None) -> Sketch | None:
    """None for what is missing or not sound."""
    try:
        return Sketch.from_bytes(raw or b"")
    except CorruptValue:
        return None
