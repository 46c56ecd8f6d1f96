"""The collection as a calibration sees it: pictures that stay, their files and sketches, and what belongs together."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from shared.errors import CorruptValue, FileChanging, PermanentError
from shared.records import Reference, State, Verdict
from shared.store import Files, Images, Pairs
from worker.engine.matching.evidence import families
from worker.engine.matching.verify import FINE_SIDE
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.scaling import no_larger
from worker.engine.sketch.sketch import Sketch
from worker.pipeline.comparison import File
from worker.pipeline.files import read_file
from worker.pipeline.storage import ReadableStorage

_PICTURES: Final = 16  # decoded pictures that are kept; up to 12 MiB each


@dataclass(frozen=True)
class Side:
    """One side of a comparison. picture: asked for its pixels, None where they cannot be had any more."""

    sketch: Sketch
    picture: Callable[[], Picture | None]


class OriginalsStore(Files, Images, Pairs, Protocol):
    """Judged files, their sketches, and what was found to belong together."""


class Originals:
    """Keepers of the collection, by digest. Reads records and pairs at once, files and sketches when asked.

    files: of keepers. keeper_of: every judged content, keepers included.
    """

    def __init__(
        self, store: OriginalsStore, storage: ReadableStorage, extractor_id: str, max_pixels: int, max_bytes: int
    ) -> None:
        self._store = store
        self._storage = storage
        self._limits = max_pixels, max_bytes
        self.files: dict[str, File] = {}
        self.keeper_of: dict[str, str] = {}
        self._family: dict[str, int] = {}
        self._read(extractor_id)
        self.picture = lru_cache(_PICTURES)(self._picture)
        self.sketch = lru_cache(None)(self._sketch)

    def _read(self, extractor_id: str) -> None:
        digest_of, duplicates = {}, []
        for chunk in self._store.scan():
            for path, record in chunk:
                if record.state is not State.READY or not record.verdict or record.extractor != extractor_id:
                    continue
                digest_of[path] = record.digest
                if record.verdict == Verdict.UNIQUE:
                    self.files[record.digest] = File(path, record)
                else:
                    duplicates.append(record)
        grouped = [(r.digest, digest_of[r.duplicate_of]) for r in duplicates if r.duplicate_of in digest_of]
        self.keeper_of = {digest: keeper for digest, keeper in grouped if keeper in self.files}
        self.keeper_of |= {digest: digest for digest in self.files}
        # Variants are no copies, and no strangers either: what a stranger's likeness is must not be measured on them.
        verified = (pair for pair, _ in self._store.matches())
        self._family = families(sorted({*digest_of.values()}), [*grouped, *verified])

    def keeper(self, digest: str) -> str:
        """The keeper of a content's group."""
        return self.keeper_of.get(digest, digest)

    def unrelated(self, one: str, other: str) -> bool:
        """Whether neither duplicates nor variants connect the two, directly or through others."""
        return self._family[one] != self._family[other]

    def view(self, digest: str) -> Side:
        """One side of a comparison. Raises CorruptValue where the sketch is gone."""
        return Side(self.sketch(digest), lambda: self._try(digest))

    def _try(self, digest: str) -> Picture | None:
        try:
            return self.picture(digest)
        except (PermanentError, FileChanging):
            return None

    def _picture(self, digest: str) -> Picture:
        """No larger than a comparison needs. Raises what `read_file` and `decode` raise."""
        file, (max_pixels, max_bytes) = self.files[digest], self._limits
        reference = Reference(file.path, file.record.size, file.record.mtime_ns)
        data = read_file(self._storage, reference, max_bytes).data
        return no_larger(decode_reduced(data, max_pixels).picture, FINE_SIDE)

    def _sketch(self, digest: str) -> Sketch:
        [raw] = self._store.sketches([digest])
        if raw is None:
            raise CorruptValue("its sketch is not in the store; it is described anew when the file is next extracted")
        return Sketch.from_bytes(raw)
