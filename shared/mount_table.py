"""What mounts show: one folder may be seen at several places, by bind mounts and through overlays, as Linux tells."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
_SPECIAL: Final = re.compile(rb"\\([0-7]{3})")
_LAYER: Final = re.compile(rb"(?:^|,)(lowerdir\+?|datadir\+|upperdir)=((?:[^,\\]|\\.)*)")
_BETWEEN: Final = re.compile(rb"(?<!\\)::?")  # two of them come before layers that hold data alone


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of /proc/self/mountinfo. number, parent: of mounts. device: of the file system, `8:1`.

    root: the folder of that file system that is seen at `point`. layers: what an overlay is made of. upper: the one of
    them that changes go to, "" where there is none.
    """

    number: str
    parent: str
    device: str
    root: str
    point: str
    kind: str
    layers: tuple[str, ...] = ()
    upper: str = ""


@dataclass(frozen=True, slots=True)
class ShownFolder:
    """A folder of a file system that is seen. shown: where."""

    device: str
    folder: PurePosixPath
    shown: PurePosixPath


def unescaped(point: bytes) -> str:
    """A mount point as a path, from the spelling of mountinfo (pure)."""
    return os.fsdecode(_SPECIAL.sub(lambda code: bytes([int(code[1], 8)]), point))


def parse_mounts(mountinfo: bytes) -> list[Mount]:
    """The mounts in the kernel's order (pure)."""
    return [_parse(line) for line in mountinfo.splitlines() if b" - " in line]


def _parse(line: bytes) -> Mount:
    here, _, there = line.partition(b" - ")
    fields, (kind, *rest) = here.split(), there.split()
    layers, upper = [], ""
    if kind == b"overlay" and len(rest) > 1:
        for name, value in _LAYER.findall(os.fsencode(unescaped(rest[1]))):
            folders = [_plain(one) for one in (_BETWEEN.split(value) if name == b"lowerdir" else [value])]
            layers += [folder for folder in folders if folder.startswith("/")]
            upper = folders[0] if name == b"upperdir" else upper
    number, parent, device = (field.decode("ascii", "replace") for field in fields[:3])
    return Mount(
        number, parent, device, unescaped(fields[3]), unescaped(fields[4]), kind.decode("ascii", "replace"),
        tuple(layers), upper,
    )  # fmt: skip


def _plain(folder: bytes) -> str:
    return os.fsdecode(re.sub(rb"\\(.)", rb"\1", folder))


class MountTable:
    """The mounts that this process sees, to be asked for the views of a folder. Paths are absolute, without links."""

    def __init__(self, mounts: Sequence[Mount]) -> None:
        numbers = {mount.number for mount in mounts}
        self._mounts = mounts
        self._tops = [mount for mount in mounts if mount.parent not in numbers or mount.parent == mount.number]
        self._inner: dict[str, list[Mount]] = defaultdict(list)
        for mount in mounts:
            if mount.parent != mount.number:
                self._inner[mount.parent].append(mount)

    def mount_of(self, path: str) -> Mount | None:
        """The mount by which a path is reached from the top, never one that a later mount hides; None without one."""
        found, inner = None, self._tops
        while True:
            on_way = [mount for mount in inner if _is_within(path, mount.point)]
            if not on_way:
                return found
            found = min(on_way, key=lambda mount: len(mount.point))
            inner = self._inner[found.number]

    def views(self, folder: str) -> list[ShownFolder]:
        """All that is seen in `folder`, the folder itself first, and in the layers of overlays there."""
        points = [mount.point for mount in self._mounts if mount.point != folder and _is_within(mount.point, folder)]
        return [view for point in (folder, *points) for view in self._of(point, PurePosixPath(point), ())]

    def _of(self, path: str, shown: PurePosixPath, above: tuple[Mount, ...]) -> Iterator[ShownFolder]:
        """What is at `path`, which is shown at another place, perhaps. above: overlays that this is a layer of."""
        mount = self.mount_of(path)
        if mount is None or mount in above:  # none lies in itself: of a container's own, the names are the host's
            return
        within = PurePosixPath(path).relative_to(mount.point)
        yield ShownFolder(mount.device, mount.root / within, shown)
        for layer in mount.layers:
            yield from self._of(str(layer / within), shown, (*above, mount))


def _is_within(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def places_within(
    inner: Sequence[ShownFolder], outer: Sequence[ShownFolder]
) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Each two places that are one folder: in `inner`, and below one in `outer` (pure)."""
    for one in inner:
        for other in outer:
            if one.device == other.device and one.folder.is_relative_to(other.folder):
                yield one.shown, other.shown / one.folder.relative_to(other.folder)


def shown_within(
    inner: Sequence[ShownFolder], outer: Sequence[ShownFolder]
) -> tuple[PurePosixPath, PurePosixPath] | None:
    """The first two such places (pure). None where there are none."""
    return next(places_within(inner, outer), None)


def read_table() -> MountTable:
    """The table as it is now; an empty one where there is no /proc."""
    try:
        mounts = parse_mounts(MOUNTS.read_bytes())
    except OSError:
        return MountTable(())
    return MountTable([_without_links(mount) if mount.layers else mount for mount in mounts])


def _without_links(mount: Mount) -> Mount:
    layers, upper = [os.path.realpath(layer) for layer in mount.layers], mount.upper and os.path.realpath(mount.upper)
    return replace(mount, layers=tuple(layers), upper=upper)
