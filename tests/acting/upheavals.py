"""What happens to whole folders and drives."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.acting import mounts
from tests.acting.desk import Act, Desk
from tests.acting.world import World

AWAY = ".away"


def away(world: World) -> Iterator[Path]:
    """Places whose drive is not there."""
    yield from (path.with_suffix("") for path in sorted(world.desk.glob(f"*{AWAY}")))
    yield from (place for place in world.drives if not os.path.ismount(place))


def unplug(desk: Desk, chance: random.Random) -> str:
    """Take away the drive of the watched folder or of the target."""
    place = chance.choice((desk.world.root, desk.world.target))
    gone = place.with_name(place.name + AWAY)
    if place in desk.world.drives:
        if not os.path.ismount(place):
            return ""
        mounts.detach(place)
    elif place.is_dir() and not place.is_symlink() and not _has_mounts(place) and not gone.exists():
        place.rename(gone)
    else:
        return ""
    return f"takes away the drive of {desk.name(place)}"


def plug(desk: Desk, _: random.Random) -> str:
    """Put a drive back."""
    place = next(away(desk.world), None)
    if place is None:
        return ""
    if place in desk.world.drives:
        mounts.bind(desk.world.drives[place], place)
    else:
        if os.path.lexists(place):  # made meanwhile, where the drive is mounted
            place.rename(place.with_name(f"{place.name}.below{len(list(desk.world.desk.iterdir()))}"))
        place.with_name(place.name + AWAY).rename(place)
    return f"puts back the drive of {desk.name(place)}"


def lock(desk: Desk, chance: random.Random) -> str:
    """Make a drive read-only, as the system does where it has faults, or writable again."""
    place = next((place for place in desk.world.drives if os.path.ismount(place)), None)
    if place is None:
        return ""
    allowed = chance.random() < 0.6
    mounts.let_write(place, allowed)
    return f"{'may write to' if allowed else 'may only read'} {desk.name(place)}"


def migrate(desk: Desk, chance: random.Random) -> str:
    """Copy the watched folder to another disk, remove it, and let a link or a mount stand where it was."""
    root = desk.world.root
    new = chance.choice((desk.world.target, desk.world.desk / f"disk{chance.randrange(10**6)}"))
    if root.is_symlink() or not root.is_dir() or _has_mounts(root) or desk.world.drives:
        return ""
    _copy_tree(root, new)
    shutil.rmtree(root)
    if mounts.available() and chance.random() < 0.5:
        mounts.bind(new, root)
        desk.world.note_views()
        return f"copies the watched folder, removes it, and mounts there {desk.name(new)}"
    root.symlink_to(new)
    return f"copies the watched folder, removes it, and links to {desk.name(new)}"


def remove_folder(desk: Desk, chance: random.Random) -> str:
    """Remove a folder with all that is in it."""
    folders = [path for path in desk.folders() if not _has_mounts(path)]
    if not folders or chance.random() < 0.7:
        return ""
    path = chance.choice(folders)
    shutil.rmtree(path)
    return f"removes the folder {desk.name(path)}"


def _has_mounts(top: Path) -> bool:
    return os.path.ismount(top) or any(os.path.ismount(path) for path in top.rglob("*") if path.is_dir())


def _copy_tree(source: Path, target: Path) -> None:
    """Nothing at the target is overwritten: what has a name there already gets another."""
    for path in sorted(source.rglob("*")):
        new = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            new.mkdir(parents=True, exist_ok=True)
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        while os.path.lexists(new):
            new = new.with_name(f"{new.stem}-1{new.suffix}"[-200:])
        shutil.copy2(path, new, follow_symlinks=False)


UPHEAVALS: dict[Act, int] = {unplug: 1, plug: 2, lock: 1, migrate: 1, remove_folder: 1}
