"""What an open file or a folder lies on: which mount, and what kind of file system, as Linux tells in /proc."""

import os
import re
from pathlib import Path
from typing import Final

from shared.mount_table import MOUNTS, parse_mounts, read_table

# Their files are lost with the power, or with the container: an overlay mounted at `/` is the container's own layer.
IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "rootfs"})
LAYERS: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})


def mount_of(descriptor: int) -> str:
    """The number of the mount that an open file or folder was reached by; "" where there is no /proc."""
    try:
        found = re.search(r"^mnt_id:\s*(\d+)", Path(f"/proc/self/fdinfo/{descriptor}").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def filesystem_of(descriptor: int) -> str:
    """The kind of file system that an open file or folder lies on, as the kernel calls it; "" where nobody says."""
    number = mount_of(descriptor)
    try:
        mounts = parse_mounts(MOUNTS.read_bytes())
    except OSError:
        return ""
    return next((mount.kind for mount in mounts if mount.number == number), "")


def vanishing(folder: Path, root: Path) -> str:
    """The kind of the file system that takes files in `folder` with it when it vanishes; "" where they last.

    Also "" where `folder` and `root` lie on one mount: a file moved there lasts as long as before. They need not exist.
    """
    table = read_table()
    mount, other = (table.mount_of(os.path.realpath(path)) for path in (folder, root))
    seen = {other}
    while mount and mount not in seen:
        if mount.kind in IN_MEMORY or (mount.kind in LAYERS and mount.point == "/"):
            return mount.kind
        seen.add(mount)
        mount = table.mount_of(mount.upper) if mount.upper else None  # an overlay lasts as long as that
    return ""
