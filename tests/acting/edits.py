"""What the owner does to one file."""

import os
import random
import shutil
from collections import defaultdict
from pathlib import Path

from tests.acting.desk import Act, Desk


def change(desk: Desk, chance: random.Random) -> str:
    """Write other bytes in place."""
    path = desk.choose(chance)
    if path is None:
        return ""
    written = desk.writers.overwrite(path, chance.randbytes(30), keep_times=False)
    return f"{'changes' if written else 'waits to change'} in place {desk.name(path)}"


def change_unseen(desk: Desk, chance: random.Random) -> str:
    """As exiftool -P and rsync --inplace -t do: size and mtime stay."""
    path = desk.choose(chance)
    if path is None:
        return ""
    written = desk.writers.overwrite(path, chance.randbytes(path.stat().st_size), keep_times=True)
    return f"{'changes' if written else 'waits to change'} with size and mtime kept {desk.name(path)}"


def replace(desk: Desk, chance: random.Random) -> str:
    """Remove, and write a new file of the name."""
    path = desk.choose(chance, links=True)
    if path is None:
        return ""
    path.unlink()
    path.write_bytes(chance.randbytes(30))
    return f"removes and writes anew {desk.name(path)}"


def rename_over(desk: Desk, chance: random.Random) -> str:
    """As editors save; perhaps of the same size and age."""
    path = desk.choose(chance)
    if path is None:
        return ""
    before = path.stat()
    new = path.with_name(f"saving{chance.randrange(10**6)}.tmp")
    new.write_bytes(chance.randbytes(before.st_size))
    if chance.random() < 0.5:
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.rename(path)
    return f"renames a new file over {desk.name(path)}"


def remove(desk: Desk, chance: random.Random) -> str:
    """Remove a file or a link."""
    path = desk.choose(chance, links=True)
    if path is None:
        return ""
    path.unlink()
    return f"removes {desk.name(path)}"


def add(desk: Desk, chance: random.Random) -> str:
    """A new file arrives."""
    path = desk.world.put(chance, chance.randbytes(20)) if desk.world.root.is_dir() else None
    return f"adds {desk.name(path)}" if path else ""


def rename(desk: Desk, chance: random.Random) -> str:
    """Rename within a file system."""
    path, new = desk.choose(chance), desk.free_name(chance)
    if path is None or new is None:
        return ""
    path.rename(new)
    return f"renames {desk.name(path, new)}"


def copy_away(desk: Desk, chance: random.Random) -> str:
    """The first half of a move by copy and delete."""
    path, new = desk.choose(chance), desk.free_name(chance)
    if path is None or new is None:
        return ""
    shutil.copy2(path, new)
    return f"copies {desk.name(path, new)}"


def remove_copied(desk: Desk, chance: random.Random) -> str:
    """The second half: of files with the same bytes one goes."""
    copies = defaultdict(list)
    for path, seen in desk.contents().items():
        copies[seen.digest].append(path)
    several = [paths for paths in copies.values() if len(paths) > 1]
    if not several:
        return ""
    path = chance.choice(chance.choice(several))
    path.unlink()
    return f"removes the source of a copy {desk.name(path)}"


def link(desk: Desk, chance: random.Random) -> str:
    """Make a hard link."""
    path, new = desk.choose(chance), desk.free_name(chance)
    if path is None or new is None:
        return ""
    new.hardlink_to(path)
    return f"makes a hard link {desk.name(path, new)}"


def put_equal(desk: Desk, chance: random.Random) -> str:
    """Put the bytes of a step's file by hand where it goes to, or where it came from."""
    holders = {seen.digest: path for path, seen in desk.contents().items()}
    places: list[tuple[Path, Path]] = [
        (place, holders[hand.entry.step.digest])
        for hand in desk.world.steps()
        for place in (hand.path, hand.target)
        if place and hand.entry.step.digest in holders and not os.path.lexists(place) and place.parent.is_dir()
    ]
    if not places:
        return ""
    place, source = chance.choice(places)
    shutil.copyfile(source, place)
    return f"puts the same bytes at {desk.name(place)}"


def set_mode_and_times(desk: Desk, chance: random.Random) -> str:
    """Change mode and times."""
    path = desk.choose(chance)
    if path is None:
        return ""
    path.chmod(chance.choice((0o600, 0o644, 0o664)))
    os.utime(path, ns=(chance.randrange(10**18), chance.randrange(10**18)))
    return f"changes mode and times of {desk.name(path)}"


EDITS: dict[Act, int] = {
    change: 3, change_unseen: 2, replace: 2, rename_over: 2, remove: 3, add: 1, rename: 2, copy_away: 2,
    remove_copied: 1, link: 1, put_equal: 3, set_mode_and_times: 1,
}  # fmt: skip
