"""What an open file or a folder lies on: which mount, and what kind of file system, as Linux tells in /proc."""

import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
# What is in them is gone with the power, or with the container whose own layer an overlay at the very top is.
MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "rootfs"})
LAYERS: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})
_SPECIAL: Final = re.compile(rb"\\([0-7]{3})")


def mount_of(descriptor: int) -> str:
    """The number of the mount that an open file or folder was reached by; "" where there is no /proc."""
    try:
        found = re.search(r"^mnt_id:\s*(\d+)", Path(f"/proc/self/fdinfo/{descriptor}").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def filesystem_of(descriptor: int) -> str:
    """The kind of file system that an open file or folder lies on, as the kernel calls it; "" where nobody says."""
    try:
        return mounted(mount_of(descriptor), MOUNTS.read_bytes())[1]
    except OSError:
        return ""


def mounted(mount: str, mountinfo: bytes) -> tuple[str, str]:
    """Where the mount with this number is mounted, and its kind of file system (pure); "" twice where there is none."""
    for line in mountinfo.splitlines():
        here, _, there = line.partition(b" - ")
        fields = here.split()
        if fields and fields[0] == mount.encode():
            return unescaped(fields[4]), there.split()[0].decode("ascii", "replace")
    return "", ""


def unescaped(point: bytes) -> str:
    """A mount point as a path, from the spelling of mountinfo (pure)."""
    return os.fsdecode(_SPECIAL.sub(lambda code: bytes([int(code[1], 8)]), point))


def vanishing(folder: Path, beside: Path) -> str:
    """The kind of file system that what is put into `folder` would vanish with, "" where it lasts.

    beside: what lies on the very same mount as this folder is no worse off in `folder`. Need not exist yet.
    """
    with_mount = [_nearest_mount(folder), _nearest_mount(beside)]
    if with_mount[0] == with_mount[1]:
        return ""
    try:
        point, kind = mounted(with_mount[0], MOUNTS.read_bytes())
    except OSError:
        return ""
    return kind if kind in MEMORY or (kind in LAYERS and point == "/") else ""


def _nearest_mount(folder: Path) -> str:
    """The mount of the folder, or of the nearest one above it that is there."""
    place = Path(os.path.realpath(folder))
    while not place.is_dir() and place != place.parent:
        place = place.parent
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return ""
    try:
        return mount_of(descriptor)
    finally:
        os.close(descriptor)
