"""A watched folder with duplicates, made at random, and the other places of one example."""

import hashlib
import io
import os
import random
import re
import stat
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import Action, Entry, RunHeader, read_runs
from shared.records import Kind
from worker.pipeline.acting.disk import PLACEHOLDER

NAMES = (
    "a.png", "b.jpg", "=SUM(1).png", "-rf", "@x.png", "+1.png", "line\nbreak.png", "ü 🙂.png", "not utf-8 \udcff.png",
    "dot.in.the.middle.png", "(2).png", "a (2).png", "percent%20.png", "' quoted \".png", "x" * 200 + ".png",
    "y" * 248 + ".png",
)  # fmt: skip
FOLDERS = ("", "sub", "sub/inner", "=odd/🙂", "protected", "protected/deep", "not utf-8 \udcfe")
FORMATS = ("PNG", "BMP", "TIFF", "PPM")
PROTECTED = "protected"
OURS = re.compile(r"^\.imagesieve-(.+?)-(\d+)")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file or a link as it was found.

    digest: of its bytes, or of what the link says. inode: with its device. names: how many it has.
    """

    digest: str
    mode: int
    mtime_ns: int
    inode: tuple[int, int]
    names: int = field(compare=False)

    @property
    def stays(self) -> tuple[str, int, int]:
        """What nobody may change of a file that is left alone."""
        return self.digest, self.mode, self.mtime_ns


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


NOTHING = frozenset((digest_of(b""), digest_of(PLACEHOLDER)))  # begun, and nobody's content


def picture(chance: random.Random) -> Image.Image:
    """A small picture unlike any other."""
    return Image.fromarray(np.frombuffer(chance.randbytes(6 * 5 * 3), np.uint8).reshape(6, 5, 3))


def encoded(image: Image.Image, name: str) -> bytes:
    out = io.BytesIO()
    image.save(out, name)
    return out.getvalue()


def pixels_of(data: bytes) -> str:
    """Digest of the picture in a file's bytes; of the bytes where there is none."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return digest_of(np.asarray(image.convert("RGB")).tobytes())
    except OSError:
        return digest_of(data)


@dataclass(frozen=True, slots=True)
class Hand:
    """A step of a journal, and what its files are called on the disk."""

    header: RunHeader
    entry: Entry

    @property
    def path(self) -> Path:
        return Path(self.header.root) / self.entry.step.path

    @property
    def keeper(self) -> Path:
        return Path(self.header.root) / self.entry.step.keeper

    @property
    def target(self) -> Path | None:
        """Where a move goes to, and where in the trash a file is."""
        if self.header.action is Action.MOVE:
            return Path(self.header.target) / self.entry.step.place
        if self.header.action is Action.TRASH and self.entry.detail.startswith("/"):
            return Path(self.entry.detail)
        return None

    @property
    def is_link(self) -> bool:
        """Whether a link to its keeper takes the place of the file."""
        return self.header.action in (Action.HARDLINK, Action.SYMLINK)

    @property
    def hidden(self) -> tuple[str, str]:
        """What the hidden names of this step hold: the run and the number."""
        return self.header.id, str(self.entry.step.number)


class World:
    """The folders of one example. Everything that is the user's lies in `desk` and in the trash."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.desk = base / "desk"
        self.root = self.desk / "watched"
        self.target = self.desk / "target"
        self.alias = base / "alias"  # another way to the watched folder
        self.trash = base / "data" / "Trash"
        self.states = [base / "state-a", base / "state-b"]
        self.drives: dict[Path, Path] = {}  # where a drive is plugged in -> what is on it, whether it is or not
        self.root.mkdir(parents=True)
        self.trash.parent.mkdir()
        self.alias.symlink_to(self.root)

    def fill(self, chance: random.Random) -> None:
        """Pictures at random; some of the same bytes, some of the same picture only."""
        for _ in range(chance.randint(1, 5)):
            image, formats = picture(chance), chance.choice((FORMATS, FORMATS[:1]))
            for _ in range(chance.randint(1, 6)):
                self.put(chance, encoded(image, chance.choice(formats)))

    def put(self, chance: random.Random, data: bytes) -> Path | None:
        """A file under a name that is free, with a mode and times of its own; None where the name is taken."""
        path = self.root / chance.choice(FOLDERS) / chance.choice(NAMES)
        if os.path.lexists(path):
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(chance.choice((0o644, 0o600, 0o444, 0o755, 0o640)))
        os.utime(path, ns=(chance.randrange(10**18), chance.randrange(10**18)))
        return path

    @property
    def views(self) -> bool:
        """Whether one file may be seen under several names."""
        return (self.base / "views").exists()

    def note_views(self) -> None:
        """One file may be seen under several names from now on; for other processes, too."""
        (self.base / "views").touch()

    def look(self) -> dict[Path, Seen]:
        """All files and links of the user's, whoever put them there; hidden ones of ours, too."""
        tops = [
            self.desk,
            self.trash / "files",
            *(drive for place, drive in self.drives.items() if not _same(place, drive)),
        ]
        return {path: seen for top in tops for path, seen in sorted(_walk(top))}

    def tree(self) -> dict[Path, tuple[str, int, int]]:
        """The watched folder, byte for byte."""
        return {path: seen.stays for path, seen in sorted(_walk(self.root))}

    def steps(self) -> list[Hand]:
        """All steps of all journals."""
        runs = [run for state in self.states for run in read_runs(state / "actions")]
        return [Hand(run.header, entry) for run in runs for entry in run.entries.values()]

    def in_hand(self) -> list[Hand]:
        """Steps that somebody is in the middle of, or was cut off in."""
        return [hand for hand in self.steps() if hand.entry.phase in ("begun", "restoring")]

    def duplicates(self, chance: random.Random) -> list[ReportedDuplicate]:
        """What a report would say now: files by pixels, a keeper at random, and now and then a near one."""
        held = {
            str(path.relative_to(self.root)): path.read_bytes()
            for path, seen in sorted(_walk(self.root))
            if stat.S_ISREG(seen.mode) and not any(part.startswith(".") for part in path.relative_to(self.root).parts)
        }
        groups = defaultdict(list)
        for path, data in held.items():
            groups[pixels_of(data)].append(path)
        found = []
        for number, paths in enumerate(sorted(groups.values()), start=1):
            chance.shuffle(paths)
            keeper, *others = paths
            if chance.random() < 0.2:
                others.append(chance.choice(sorted(held)))
            found += [_duplicate(number, path, keeper, held) for path in others if path != keeper]
        return found


def in_trash(path: Path) -> bool:
    """Whether a path lies in the home trash, or in that of a drive."""
    return not {"Trash", f".Trash-{os.getuid()}"}.isdisjoint(path.parts)


def is_ours(path: Path) -> bool:
    """Whether it is a hidden name that is gone when a step is done."""
    return path.name.startswith(".imagesieve")


def _same(one: Path, other: Path) -> bool:
    return one.is_dir() and one.samefile(other)


def _walk(top: Path) -> Iterator[tuple[Path, Seen]]:
    try:
        entries = list(os.scandir(top))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path)
            continue
        if path.suffix == ".trashinfo":
            continue
        try:
            status = path.lstat()
        except FileNotFoundError:
            continue  # an overlay lists what it does not find, where its lower folder was changed meanwhile
        if stat.S_ISLNK(status.st_mode):
            data = b"link " + os.fsencode(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            data = path.read_bytes()
        else:
            continue
        yield (
            path,
            Seen(digest_of(data), status.st_mode, status.st_mtime_ns, (status.st_dev, status.st_ino), status.st_nlink),
        )


def _duplicate(number: int, path: str, keeper: str, held: dict[str, bytes]) -> ReportedDuplicate:
    digests = [digest_of(held[one]) for one in (path, keeper)]
    kind = "near"
    if digests[0] == digests[1]:
        kind = "exact"
    elif pixels_of(held[path]) == pixels_of(held[keeper]):
        kind = "identical"
    return ReportedDuplicate(number, path, digests[0], len(held[path]), Kind(kind), 1.0, keeper, digests[1])
