"""What the verdict writer keeps in memory of the collection."""

from collections import defaultdict
from dataclasses import dataclass, field

from shared.records import Record
from worker.engine.keepers import Rank
from worker.pipeline.comparison import File
from worker.pipeline.members import member_of


@dataclass
class Knowledge:
    """Files, groups and pixels. All but `path_digest` and `of_pixels` by digest.

    files: the files that hold it. keeper: digest of the keeper of its group, itself for a keeper. members: of a
    keeper's group, itself included. keeper_path: the file that stays. pixels: digest of its pixels. rank: of files.
    """

    rank: Rank
    files: defaultdict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))
    path_digest: dict[str, str] = field(default_factory=dict)
    keeper: dict[str, str] = field(default_factory=dict)
    members: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    keeper_path: dict[str, str] = field(default_factory=dict)
    pixels: dict[str, str] = field(default_factory=dict)
    of_pixels: dict[str, str] = field(default_factory=dict)  # digest of pixels -> digest of one content with them

    def file(self, digest: str) -> File:
        """The file that stands for a content: the keeper's own, else the best of them."""
        held = self.files[digest]
        path = self.keeper_path.get(digest) or min(held, key=lambda path: self.rank(member_of(path, held[path])))
        return File(path, held[path])
