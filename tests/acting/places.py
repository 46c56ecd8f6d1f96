"""Where a world lies: one disk or two, seen twice by mounts and overlays, full, read-only, unplugged."""

import ctypes
import os
import random
import subprocess
from pathlib import Path

from tests.acting.world import World

_NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS


def make_mounts_possible() -> bool:
    """Give this process mounts of its own, where it may have any; whether it has."""
    if os.getuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMESPACE) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], check=False, capture_output=True).returncode == 0


class Places:
    """The mounts of one example. kind: what is odd about its folders."""

    KINDS = ("seen twice", "overlaid", "small", "unplugged", "target is the watched folder")

    def __init__(self, world: World, chance: random.Random, mounts: bool) -> None:
        self._world = world
        self._mounted: list[Path] = []
        self._below = world.base / "below"  # where the base is seen without what is mounted in it
        self._below.mkdir()
        self.kind = chance.choice(self.KINDS) if mounts and chance.random() < 0.15 else ""
        self.seen_twice = self.kind in ("seen twice", "overlaid")
        sub = world.root / "sub"
        sub.mkdir(exist_ok=True)
        if self.kind == "seen twice":
            self._mount("--bind", sub, at=world.root / "view")
        elif self.kind == "overlaid":
            for name in ("upper", "work"):
                (world.base / name).mkdir()
            options = f"lowerdir={sub},upperdir={world.base}/upper,workdir={world.base}/work"
            self._mount("-t", "overlay", "overlay", "-o", options, at=world.root / "view")
        elif self.kind == "small":
            self._mount("-t", "tmpfs", "-o", "size=24k", "tmpfs", at=world.target)
        elif self.kind in ("unplugged", "target is the watched folder"):
            (world.base / "drive").mkdir()
            subprocess.run(["mount", "--bind", str(world.base), str(self._below)], check=True)
            self._mount("--bind", world.base / "drive", at=world.target)

    def _mount(self, *words: object, at: Path) -> None:
        at.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", *map(str, words), str(at)], check=True)
        self._mounted.append(at)

    def disturb(self, chance: random.Random) -> str:
        """Something happens to the disks; what."""
        if self.kind == "unplugged":
            if self._mounted:
                subprocess.run(["umount", "--lazy", str(self._mounted.pop())], check=True)
                return "unplugged"
            self.plug_in()
            return "plugged in"
        if self.kind == "target is the watched folder" and len(self._mounted) == 1 and chance.random() < 0.5:
            self._mount("--bind", self._world.root, at=self._world.target)
            return "the target is a mount of the watched folder"
        return ""

    def plug_in(self) -> None:
        """The drive is back, and the target is a folder of its own."""
        if self.kind == "unplugged" and not self._mounted:
            self._mount("--bind", self._world.base / "drive", at=self._world.target)
        if self.kind == "target is the watched folder" and len(self._mounted) == 2:
            subprocess.run(["umount", str(self._mounted.pop())], check=True)

    def covered(self) -> list[Path]:
        """Folders in which moved files may lie that cannot be seen in the target just now."""
        return [self._world.base / "drive", self._below / "target"]

    def end(self) -> None:
        if os.path.ismount(self._below):
            subprocess.run(["umount", "--lazy", str(self._below)], check=True)
        for place in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", str(place)], check=True)
