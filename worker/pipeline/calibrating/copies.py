"""Edited copies of the collection's pictures, made in memory."""

from dataclasses import dataclass

from shared.errors import FileChanging, PermanentError
from shared.records import Relation
from worker.engine.edits.attacks import Attack, edited
from worker.engine.matching.verify import FINE_SIDE
from worker.engine.picture.bars import without_bars
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode, shrink
from worker.engine.picture.scaling import no_larger
from worker.engine.sketch.sketch import describe
from worker.pipeline.calibrating.originals import Originals, Side


@dataclass(frozen=True)
class Copy:
    """digest: of the original. edit: what was done to it, "" for the original itself. relation: what that makes it."""

    digest: str
    edit: str
    relation: Relation
    view: Side


class Copies:
    """Makes copies. The files of one picture's are kept until the next one's turn; those of others are made again.

    max_pixels: of a copy. side: of the squares that the network looks at.
    """

    def __init__(self, originals: Originals, max_pixels: int, side: int) -> None:
        self._originals = originals
        self._max_pixels = max_pixels
        self._side = side
        self._turn = ""
        self._files: dict[str, bytes] = {}

    def take_turn(self, digest: str) -> None:
        """This picture's copies are made now, and asked for most."""
        self._turn, self._files = digest, {}

    def original(self, digest: str) -> Copy:
        """The picture as it is. Raises CorruptValue where its sketch is gone."""
        return Copy(digest, "", Relation.NEAR, self._originals.view(digest))

    def make(self, digest: str, attack: Attack) -> tuple[Copy, Picture]:
        """A copy, and what the network sees of it. Raises what reading the picture raises."""
        picture = self._decoded(digest, attack)
        view = Side(describe(picture), lambda: self._try(digest, attack))
        return Copy(digest, attack.name, attack.relation, view), self.seen(picture)

    def seen(self, picture: Picture) -> Picture:
        """What the network sees of a picture."""
        return shrink(without_bars(picture), self._side)

    def _try(self, digest: str, attack: Attack) -> Picture | None:
        try:
            return no_larger(self._decoded(digest, attack), FINE_SIDE)
        except (PermanentError, FileChanging):
            return None

    def _decoded(self, digest: str, attack: Attack) -> Picture:
        mine = digest == self._turn
        data = self._files.get(attack.name) if mine else None
        if data is None:
            data = edited(self._originals.picture(digest), attack, digest)
            if mine:
                self._files[attack.name] = data
        return decode(data, self._max_pixels)
