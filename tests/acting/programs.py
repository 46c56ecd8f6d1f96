"""What other programs do: hold files open, and use the same trash."""

import os
import random
import shutil
from pathlib import PurePath
from urllib.parse import quote

from tests.acting.desk import Act, Desk

LONGEST = 240  # bytes of a name in the trash


def open_writer(desk: Desk, chance: random.Random) -> str:
    """Open a file for writing, and keep it open."""
    path = desk.choose(chance)
    if path is None:
        return ""
    return f"{'opens' if desk.writers.open(path) else 'waits to open'} for writing {desk.name(path)}"


def write(desk: Desk, chance: random.Random) -> str:
    """Write into a file that was opened before."""
    path = desk.writers.write(chance)
    return f"writes into what was opened as {desk.name(path)}" if path else ""


def trash_another(desk: Desk, chance: random.Random) -> str:
    """Put a file of the same name, from elsewhere, into the trash, as the specification says."""
    trash, steps = desk.world.trash, desk.world.steps()
    name = PurePath(chance.choice(steps).path.name if steps else "a.png")
    for folder in ("files", "info"):
        (trash / folder).mkdir(parents=True, exist_ok=True)
    for chosen in (name.name, *(f"{name.stem}.{number}{name.suffix}" for number in range(2, 99))):
        info, path = trash / "info" / f"{chosen}.trashinfo", trash / "files" / chosen
        if len(os.fsencode(chosen)) > LONGEST or os.path.lexists(info) or os.path.lexists(path):
            continue
        origin = quote(os.fsencode(desk.world.base / "elsewhere" / name))
        info.write_text(f"[Trash Info]\nPath={origin}\nDeletionDate=2026-01-01T00:00:00\n")
        path.write_bytes(chance.randbytes(25))
        return f"trashes another file as {desk.name(path)}"
    return ""


def empty_trash(desk: Desk, _: random.Random) -> str:
    """Remove all that is in the trash."""
    if not desk.world.trash.is_dir():
        return ""
    shutil.rmtree(desk.world.trash)
    return "empties the trash"


PROGRAMS: dict[Act, int] = {open_writer: 5, write: 6, trash_another: 3, empty_trash: 1}
