"""Features in the store as rows for the engine, read when they are needed: memory holds those that are at work."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.errors import CorruptValue
from shared.wording import number_of
from worker.engine.clusters.rows import READ_ROWS, Indices
from worker.engine.search.encoding import stack
from worker.pipeline.renewal import RenewalStore, renew_images


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The features of these digests, row by row."""

    store: RenewalStore
    extractor_id: str
    digests: Sequence[str]

    def __len__(self) -> int:
        return len(self.digests)

    def read(self, at: Indices) -> npt.NDArray[np.float32]:
        """The rows with these indices, float32 `[len(at), d]`; `[0, 0]` for none.

        Raises CorruptValue where one is not to be had.
        """
        rows, sound = stack(self.store.features(self.extractor_id, [self.digests[index] for index in at]))
        if len(sound) < len(at):
            missing = number_of(len(at) - len(sound), "image")
            raise CorruptValue(f"features of {missing} are missing or damaged; run recluster again")
        return rows

    def without_damaged(self) -> "StoredRows":
        """Those that are there and sound; the files of the others are read anew. Reads everything once."""
        kept: list[str] = []
        for start in range(0, len(self.digests), READ_ROWS):
            some = self.digests[start : start + READ_ROWS]
            _, sound = stack(self.store.features(self.extractor_id, some))
            kept += [some[index] for index in sound]
        if len(kept) < len(self.digests):
            renew_images(self.store, set(self.digests).difference(kept))
        return StoredRows(self.store, self.extractor_id, kept)
