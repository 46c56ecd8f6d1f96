"""Real mounts, in a mount namespace of this process alone: only who may make one has them."""

import ctypes
import os
from functools import cache
from pathlib import Path

_NEW_NAMESPACE = 0x20000  # CLONE_NEWNS of unshare(2)
_READ_ONLY, _REMOUNT, _BIND, _BELOW, _PRIVATE = 1, 32, 4096, 16384, 1 << 18  # MS_* of mount(2)
_DETACH = 2  # MNT_DETACH of umount2(2)


@cache
def available() -> bool:
    """Whether this process has mounts of its own from now on, which nobody else sees."""
    try:
        _called(_libc().unshare(_NEW_NAMESPACE))
        _mount("none", Path("/"), None, _BELOW | _PRIVATE)
    except OSError:
        return False
    return True


def make_drive(place: Path, kilobytes: int) -> None:
    """A file system of its own, so small that it may be full soon."""
    place.mkdir(parents=True, exist_ok=True)
    _mount("drive", place, "tmpfs", 0, f"size={kilobytes}k")


def bind(source: Path, place: Path) -> None:
    """Let `place` be another way to `source`."""
    place.mkdir(parents=True, exist_ok=True)
    _mount(str(source), place, None, _BIND)


def overlay(lower: Path, work: Path, place: Path) -> None:
    """Let `place` show `lower`, and keep its own changes below `work`."""
    for folder in (place, work / "upper", work / "work"):
        folder.mkdir(parents=True, exist_ok=True)
    _mount("overlay", place, "overlay", 0, f"lowerdir={lower},upperdir={work / 'upper'},workdir={work / 'work'}")


def let_write(place: Path, allowed: bool) -> None:
    """Make a mount read-only, or not. Raises OSError where a file is open for writing."""
    _mount("none", place, None, _REMOUNT | _BIND | (0 if allowed else _READ_ONLY))


def detach(place: Path) -> None:
    """Take a mount away, whoever uses it."""
    _called(_libc().umount2(os.fsencode(place), _DETACH))


def detach_all(below: Path) -> None:
    """Take away all mounts below a folder, the last one first."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    places = [line.split(" ")[4].encode().decode("unicode_escape") for line in lines]
    for place in reversed(places):
        if place.startswith(f"{below}/"):
            detach(Path(place))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _called(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(source: str, place: Path, kind: str | None, flags: int, more: str = "") -> None:
    names = os.fsencode(source), os.fsencode(place), kind.encode() if kind else None
    _called(_libc().mount(*names, ctypes.c_ulong(flags), os.fsencode(more)))
