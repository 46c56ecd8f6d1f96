"""A watched folder with duplicates, made at random, and what can be reached of it after whatever happens."""

import hashlib
import io
import os
import random
import stat
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from shared.duplicates import Duplicate
from worker.pipeline.acting.disk import PLACEHOLDER

NAMES = (
    "a.png", "b.jpg", "=SUM(1).png", "-rf", "@x.png", "+1.png", "line\nbreak.png", "ü 🙂.png", "not utf-8 \udcff.png",
    "dot.in.the.middle.png", "(2).png", "a (2).png", "percent%20.png", "' quoted \".png", "x" * 200 + ".png",
)  # fmt: skip
FOLDERS = ("", "sub", "sub/inner", "=odd/🙂", "protected", "protected/deep", "not utf-8 \udcfe")
FORMATS = ("PNG", "BMP", "TIFF", "PPM")
PROTECTED = "protected"
STATES = (("state",), ("state",), ("state",), ("state", "other state"))
Tree = dict[str, tuple[bytes, int, int]]  # path -> bytes, mode, mtime_ns


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
            return hashlib.sha256(np.asarray(image.convert("RGB")).tobytes()).hexdigest()
    except OSError:
        return hashlib.sha256(data).hexdigest()


class World:
    """The folders of one example."""

    def __init__(self, base: Path, chance: random.Random) -> None:
        self.base = base
        self.root = base / "watched"
        self.target = base / "target"
        self.trash = base / "data" / "Trash"
        self.journals = tuple(base / state / "actions" for state in chance.choice(STATES))
        self.once_there: list[str] = []
        self.chance = chance
        self.root.mkdir()
        for _ in range(chance.randint(1, 4)):
            image = picture(chance)
            for _ in range(chance.randint(1, 5)):
                self.put(encoded(image, chance.choice(FORMATS)))

    def put(self, data: bytes) -> None:
        """A file under a name that is free, with a mode and times of its own."""
        folder, name = self.chance.choice(FOLDERS), self.chance.choice(NAMES)
        path = self.root / folder / name
        if os.path.lexists(path):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.once_there.append(str(path.relative_to(self.root)))
        path.chmod(self.chance.choice((0o644, 0o600, 0o444, 0o755, 0o640)))
        times = self.chance.randrange(10**18), self.chance.randrange(10**18)
        os.utime(path, ns=times)

    def files(self) -> list[str]:
        """Those that a report may name: no hidden ones."""
        return sorted(
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if _is_file(path) and not any(part.startswith(".") for part in path.relative_to(self.root).parts)
        )

    def duplicates(self) -> list[Duplicate]:
        """What a report would say now: files by pixels, a keeper at random, and now and then a near one."""
        groups, held = defaultdict(list), {}
        for path in self.files():
            held[path] = (self.root / path).read_bytes()
            groups[pixels_of(held[path])].append(path)
        found = []
        for number, paths in enumerate(sorted(groups.values()), start=1):
            self.chance.shuffle(paths)
            keeper, *others = paths
            if self.chance.random() < 0.2:
                others.append(self.chance.choice(self.files()))
            found += [_duplicate(number, path, keeper, held) for path in others if path != keeper]
        return found

    def tree(self) -> Tree:
        """The watched folder, byte for byte."""
        found: Tree = {}
        for path in sorted(self.root.rglob("*")):
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                continue
            data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(self.root))] = data, status.st_mode, status.st_mtime_ns
        return found

    def everything(self, *others: Path) -> list[Path]:
        """Every regular file below the watched folder, the target folder and the trash, or below other folders."""
        places = others or (self.root, self.target, self.trash / "files")
        found = [path for place in places for path in sorted(place.rglob("*")) if _is_file(path)]
        names = {
            _entry(path): path for path in found if path.suffix != ".trashinfo"
        }  # of a trash on a mount of its own
        return list(names.values())  # a folder that is mounted a second time shows the same names again

    def reachable(self, *others: Path) -> Counter[str]:
        """How many names each content has in these places."""
        found = Counter(map(digest_of, self.everything(*others)))
        for nothing in (b"", PLACEHOLDER):  # begun, and no picture yet
            found.pop(hashlib.sha256(nothing).hexdigest(), None)
        return found

    def leftovers(self) -> list[str]:
        """Temporary names that nobody tidied up."""
        return [str(path) for place in (self.root, self.target, self.trash) for path in place.rglob(".imagesieve-*")]


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names_of(world: World, status: os.stat_result) -> list[Path]:
    """The names of one file."""
    return [path for path in world.everything() if os.path.samestat(path.lstat(), status)]


def _entry(path: Path) -> tuple[int, int, str]:
    folder = path.parent.stat()
    return folder.st_dev, folder.st_ino, path.name


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _duplicate(number: int, path: str, keeper: str, held: dict[str, bytes]) -> Duplicate:
    digests = [hashlib.sha256(held[one]).hexdigest() for one in (path, keeper)]
    kind = "near"
    if digests[0] == digests[1]:
        kind = "exact"
    elif pixels_of(held[path]) == pixels_of(held[keeper]):
        kind = "identical"
    return Duplicate(number, path, digests[0], len(held[path]), kind, 1.0, keeper, digests[1])
