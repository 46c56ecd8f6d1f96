"""What the owner of the files, and other programs, do to them: between two runs, or in the middle of a step.

What the owner himself removes or overwrites is written down, content by content, so that the rest must be there.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.acting.world import World, digest_of, names_of


class Owner:
    """The owner of a world's files. told: the file in which what he removed is written down, a digest a line."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.told = world.base / "removed"

    def acts(self) -> tuple[Callable[[], None], ...]:
        """What he may do. Those behind the first six remove nothing."""
        return (self.edit, self.edit_unseen, self.remove, self.replace, self.rename_over, self.empty_trash,
                self.rename, self.add, self.put_equal, self.hard_link, self.copy_and_delete,
                self.trash_by_name)  # fmt: skip

    def act(self, harmless: bool = False) -> str:
        """Do one of them; its name. harmless: one that removes nothing."""
        act = self._chance.choice(self.acts()[6:] if harmless else self.acts())
        try:
            act()
        except OSError as error:  # no room, read-only, gone: then he did nothing
            return f"{act.__name__} ({error.strerror})"
        return act.__name__

    def removed(self) -> Counter[str]:
        return Counter(self.told.read_text().split()) if self.told.exists() else Counter()

    def forget(self) -> None:
        self.told.unlink(missing_ok=True)

    def _note(self, path: Path, before: os.stat_result | None = None) -> None:
        """Write down that he takes the content at `path` away, with every name of it where it changes in place."""
        names = len(names_of(self._world, before)) if before else 1
        with self.told.open("a") as out:
            out.write(f"{digest_of(path)}\n" * max(1, names))

    def _pick(self) -> Path:
        """A file of his own, or one that was moved; not one of ours in hand."""
        files = [path for path in self._world.everything() if not path.name.startswith(".imagesieve-")]
        if not files:
            raise FileNotFoundError(2, "nothing there")
        return self._chance.choice(files)

    def _write(self, path: Path, data: bytes, truncate: bool) -> None:
        """In place. A lease makes a program wait; here it gives up at once, and the other side learns of it."""
        before = path.stat()
        path.chmod(0o644)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except BlockingIOError:
            path.chmod(before.st_mode & 0o7777)
            raise
        try:
            self._note(path, before)
            if truncate:
                os.ftruncate(descriptor, 0)
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def edit(self) -> None:
        self._write(self._pick(), self._chance.randbytes(30), truncate=True)

    def edit_unseen(self) -> None:
        """Size and time stay."""
        path = self._pick()
        before = path.stat()
        self._write(path, self._chance.randbytes(min(4, before.st_size)), truncate=False)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        path.chmod(before.st_mode & 0o7777)

    def remove(self) -> None:
        path = self._pick()
        self._note(path)
        path.unlink()

    def replace(self) -> None:
        path = self._pick()
        self._note(path)
        new = path.with_name(f"new{self._chance.randrange(10**6)}")
        new.write_bytes(self._chance.randbytes(30))
        new.replace(path)

    def rename_over(self) -> None:
        one, other = self._pick(), self._pick()
        if one.stat().st_ino != other.stat().st_ino:
            self._note(other)
            one.replace(other)

    def empty_trash(self) -> None:
        for path in sorted((self._world.trash / "files").glob("*")):
            self._note(path)
            path.unlink()
        for path in sorted((self._world.trash / "info").glob("*")):
            path.unlink()

    def rename(self) -> None:
        path = self._pick()
        goal = path.with_name(f"renamed{self._chance.randrange(10**6)}.png")
        path.rename(goal)

    def add(self) -> None:
        self._world.put(self._chance.randbytes(20))

    def put_equal(self) -> None:
        """A file of his own with the bytes of another, at a path where something was, or is to go."""
        source = self._pick()
        relative = self._chance.choice([*self._world.once_there, "a.png"])
        goal = self._chance.choice((self._world.root, self._world.target)) / relative
        if not os.path.lexists(goal):
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, goal)

    def hard_link(self) -> None:
        path = self._pick()
        os.link(path, path.with_name(f"link{self._chance.randrange(10**6)}.png"))

    def copy_and_delete(self) -> None:
        """Move a file to another disk as programs do: no name in between has two places for long."""
        path = self._pick()
        goal = self._world.root / f"moved{self._chance.randrange(10**6)}.png"
        shutil.copy2(path, goal)
        path.unlink()

    def trash_by_name(self) -> None:
        """Another program trashes a file of a likely name."""
        name = self._chance.choice([Path(path).name for path in self._world.once_there] or ["a.png"])
        for folder, suffix in (("info", ".trashinfo"), ("files", "")):
            place = self._world.trash / folder
            place.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(place / (name + suffix)):
                (place / (name + suffix)).write_bytes(self._chance.randbytes(25))
