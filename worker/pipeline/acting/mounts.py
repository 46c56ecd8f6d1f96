"""What is mounted where: read-only file systems below the watched folder are protected, for nothing in them can go."""

import os
from pathlib import Path

from shared.mount_table import MOUNTS, unescaped
from worker.engine.groups.keepers import FolderRules


def current_rules(root: Path, prefer: tuple[str, ...], protect: tuple[str, ...]) -> FolderRules:
    """The folders of the settings, and what is mounted read-only below `root` now."""
    try:
        mounted = read_only_mounts(os.path.realpath(root), MOUNTS.read_bytes())
    except OSError:  # no Linux, or no /proc: the disk itself refuses, when it comes to that
        mounted = ()
    return FolderRules(prefer, tuple(sorted({*protect, *mounted})))


def read_only_mounts(root: str, mountinfo: bytes) -> tuple[str, ...]:
    """Mount points below the real path `root`, relative to it, whose files cannot be changed (pure).

    Where `root` itself is mounted read-only, as in most containers here, mounts below it may be so for that alone:
    then only file systems count that are read-only wherever they are mounted.
    """
    read_only: dict[str, tuple[bool, bool]] = {}  # mount point -> read-only here, read-only everywhere; the last counts
    for line in mountinfo.splitlines():
        here, _, there = line.partition(b" - ")
        fields = here.split()
        point = unescaped(fields[4])
        read_only[point] = b"ro" in fields[5].split(b","), b"ro" in there.split()[-1].split(b",")
    above = [point for point in read_only if point == "/" or f"{root}/".startswith(point.rstrip("/") + "/")]
    itself = any(read_only[max(above, key=len)]) if above else False
    below = root.rstrip("/") + "/"
    return tuple(
        sorted(
            point.removeprefix(below)
            for point, (locally, everywhere) in read_only.items()
            if point.startswith(below) and (everywhere or (locally and not itself))
        )
    )
