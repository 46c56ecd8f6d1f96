"""What the owner of the files does, between runs and in the middle of a step."""

import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.acting import mounts
from tests.acting.ledger import Ledger, counts
from tests.acting.world import Hand, Seen, World, is_ours
from tests.acting.writers import Writers

NEAR = 0.7  # of the acts are about a file that a step is in the middle of, where there is one


@dataclass
class Owner:
    """The user, by whatever program."""

    world: World
    ledger: Ledger
    writers: Writers
    words: list[str] = field(default_factory=list)

    def act(self, chance: random.Random) -> None:
        """Do one thing."""
        acts: dict[Callable[[random.Random], None], int] = {
            self._change: 3, self._change_unseen: 2, self._replace: 2, self._rename_over: 2, self._remove: 3,
            self._add: 1, self._rename: 2, self._copy_away: 2, self._remove_copied: 1, self._link: 1,
            self._put_equal: 3, self._open: 2, self._write: 2, self._trash_other: 2, self._empty_trash: 1,
            self._unplug: 1, self._plug: 2, self._migrate: 1, self._remove_folder: 1, self._dress: 1,
        } | ({self._lock: 2} if self.world.drives else {})  # fmt: skip
        self._do(chance.choices(list(acts), list(acts.values()))[0], chance)

    def leave_drives(self) -> None:
        """Everything that was taken away is put back, and what was opened is closed."""
        for place in self.world.drives:
            if os.path.ismount(place):
                mounts.let_write(place, allowed=True)
        while any(self._away()):
            self._do(self._plug, random.Random(0))
        self.writers.close()

    def _do(self, act: Callable[[random.Random], None], chance: random.Random) -> None:
        everything = act in (self._unplug, self._plug, self._migrate)
        self.words = [f"{act.__name__.strip('_')}: nothing to do"]
        with self.ledger.act_of_owner(self.words, everything), self.writers.watched():
            try:
                act(chance)
            except OSError as error:  # full, read-only
                self.words.append(f"{act.__name__.strip('_')} is refused, perhaps half-way: {error}")

    def _files(self) -> dict[Path, Seen]:
        return {path: seen for path, seen in self.world.look().items() if not is_ours(path)}

    def _choose(self, chance: random.Random, among: Callable[[Path, Seen], bool] = counts) -> Path | None:
        files = [path for path, seen in self._files().items() if among(path, seen)]
        near = {one for hand in self.world.in_hand() for one in (hand.path, hand.keeper, hand.target) if one}
        wanted = [path for path in files if path in near]
        if wanted and chance.random() < NEAR:
            return chance.choice(wanted)
        return chance.choice(files) if files else None

    def _say(self, words: str, *paths: Path) -> None:
        names = [repr(os.path.relpath(path, self.world.base)) for path in paths]
        self.words.append(" ".join((words, *names)))

    def _change(self, chance: random.Random) -> None:
        if path := self._choose(chance):
            data = chance.randbytes(30)
            written = self.writers.overwrite(path, data, keep_times=False)
            self._say("changes in place" if written else "waits to change in place", path)

    def _change_unseen(self, chance: random.Random) -> None:
        """As exiftool -P and rsync --inplace -t do: size and mtime stay."""
        if path := self._choose(chance):
            data = chance.randbytes(path.stat().st_size)
            written = self.writers.overwrite(path, data, keep_times=True)
            self._say("changes with size and mtime kept" if written else "waits to change unseen", path)

    def _replace(self, chance: random.Random) -> None:
        if path := self._choose(chance, _any):
            path.unlink()
            path.write_bytes(chance.randbytes(30))
            self._say("removes and writes anew", path)

    def _rename_over(self, chance: random.Random) -> None:
        """As editors save; perhaps of the same size and age."""
        if path := self._choose(chance):
            before = path.stat()
            new = path.with_name(f"saving{chance.randrange(10**6)}.tmp")
            new.write_bytes(chance.randbytes(before.st_size))
            if chance.random() < 0.5:
                os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
            new.rename(path)
            self._say("renames a new file over", path)

    def _remove(self, chance: random.Random) -> None:
        if path := self._choose(chance, _any):
            path.unlink()
            self._say("removes", path)

    def _add(self, chance: random.Random) -> None:
        self.world.chance = chance
        if self.world.root.is_dir() and (path := self.world.put(chance.randbytes(20))):
            self._say("adds", path)

    def _rename(self, chance: random.Random) -> None:
        path = self._choose(chance)
        if path and (new := self._free(chance)):
            path.rename(new)
            self._say("renames", path, new)

    def _copy_away(self, chance: random.Random) -> None:
        """The first half of a move by copy and delete."""
        path = self._choose(chance)
        if path and (new := self._free(chance)):
            shutil.copy2(path, new)
            self._say("copies", path, new)

    def _remove_copied(self, chance: random.Random) -> None:
        """The second half: of two files with the same bytes one goes."""
        copies: dict[str, list[Path]] = {}
        for path, seen in self._files().items():
            if counts(path, seen):
                copies.setdefault(seen.digest, []).append(path)
        several = [paths for paths in copies.values() if len(paths) > 1]
        if several:
            path = chance.choice(chance.choice(several))
            path.unlink()
            self._say("removes the source of a copy", path)

    def _link(self, chance: random.Random) -> None:
        path = self._choose(chance)
        new = self._free(chance)
        if path and new and path.stat().st_dev == new.parent.stat().st_dev:
            new.hardlink_to(path)
            self._say("makes a hard link", path, new)

    def _put_equal(self, chance: random.Random) -> None:
        """The bytes of a step's file are put by hand where it goes to, or where it came from."""
        holders = {seen.digest: path for path, seen in self._files().items() if counts(path, seen)}
        places = [
            (place, holders[hand.entry.step.digest])
            for hand in self.world.steps()
            for place in (hand.path, hand.target)
            if place and hand.entry.step.digest in holders and not os.path.lexists(place) and place.parent.is_dir()
        ]
        if places:
            place, source = chance.choice(places)
            shutil.copyfile(source, place)
            self._say("puts the same bytes at", place)

    def _open(self, chance: random.Random) -> None:
        if path := self._choose(chance):
            self._say("opens for writing" if self.writers.open(path) else "waits to open", path)

    def _write(self, chance: random.Random) -> None:
        if path := self.writers.write(chance):
            self._say("writes into what was opened as", path)

    def _trash_other(self, chance: random.Random) -> None:
        """Another program puts a file of the same name into the trash, as the specification says."""
        step = chance.choice(self.world.steps() or [None])  # type: ignore[list-item]
        name = step.path.name if step else "a.png"
        for folder in ("files", "info"):
            (self.world.trash / folder).mkdir(parents=True, exist_ok=True)
        stem, suffix = os.path.splitext(name)
        for number in range(1, 100):
            chosen = name if number == 1 else f"{stem}.{number}{suffix}"
            if len(os.fsencode(chosen)) > 240:
                return
            info = self.world.trash / "info" / f"{chosen}.trashinfo"
            if os.path.lexists(info) or os.path.lexists(self.world.trash / "files" / chosen):
                continue
            origin = quote(os.fsencode(self.world.base / "elsewhere" / name))
            info.write_text(f"[Trash Info]\nPath={origin}\nDeletionDate=2026-01-01T00:00:00\n")
            path = self.world.trash / "files" / chosen
            path.write_bytes(chance.randbytes(25))
            return self._say("trashes another file as", path)

    def _empty_trash(self, _: random.Random) -> None:
        if self.world.trash.is_dir():
            shutil.rmtree(self.world.trash)
            self._say("empties the trash")

    def _away(self) -> Iterator[Path]:
        yield from (path.with_suffix("") for path in sorted(self.world.desk.glob("*.away")))
        yield from (place for place in self.world.drives if not os.path.ismount(place))

    def _unplug(self, chance: random.Random) -> None:
        place = chance.choice((self.world.root, self.world.target))
        away = place.with_name(f"{place.name}.away")
        if place in self.world.drives and os.path.ismount(place):
            mounts.detach(place)
        elif place.is_dir() and not place.is_symlink() and not _has_mounts(place) and not away.exists():
            place.rename(away)
        else:
            return
        self._say("takes away the drive of", place)

    def _plug(self, _: random.Random) -> None:
        for place in self._away():
            if place in self.world.drives:
                mounts.bind(self.world.drives[place], place)
            else:
                if os.path.lexists(place):  # made meanwhile, where the drive is mounted
                    place.rename(place.with_name(f"{place.name}.below{len(list(self.world.desk.iterdir()))}"))
                place.with_name(f"{place.name}.away").rename(place)
            return self._say("puts back the drive of", place)

    def _lock(self, chance: random.Random) -> None:
        """As the system does where a drive has faults."""
        for place in self.world.drives:
            if os.path.ismount(place):
                allowed = chance.random() < 0.6
                mounts.let_write(place, allowed)
                self._say("may write to" if allowed else "may only read", place)

    def _migrate(self, chance: random.Random) -> None:
        """The watched folder moves to another disk; a link, or a mount, stands where it was."""
        root, target = self.world.root, self.world.target
        if root.is_symlink() or not root.is_dir():
            return
        new = chance.choice((target, self.world.desk / f"disk{chance.randrange(10**6)}"))
        if _has_mounts(root) or self.world.drives:
            return
        _copy_tree(root, new)
        shutil.rmtree(root)
        if mounts.available() and chance.random() < 0.5:
            mounts.bind(new, root)
            self.world.views = True
            return self._say("copies the watched folder, removes it, and mounts there", new)
        root.symlink_to(new)
        self._say("copies the watched folder, removes it, and links to", new)

    def _remove_folder(self, chance: random.Random) -> None:
        folders = [path for path in sorted(self.world.root.rglob("*")) if path.is_dir() and not path.is_symlink()]
        folders = [path for path in folders if not _has_mounts(path)]
        if folders and chance.random() < 0.3:
            path = chance.choice(folders)
            shutil.rmtree(path, ignore_errors=True)
            self._say("removes the folder", path)

    def _dress(self, chance: random.Random) -> None:
        if path := self._choose(chance):
            path.chmod(chance.choice((0o600, 0o644, 0o664)))
            os.utime(path, ns=(chance.randrange(10**18), chance.randrange(10**18)))
            self._say("changes mode and times of", path)

    def _free(self, chance: random.Random) -> Path | None:
        folders = [path for path in sorted(self.world.root.rglob("*")) if path.is_dir() and not path.is_symlink()]
        path = chance.choice([self.world.root, *folders]) / f"new{chance.randrange(10**6)}.png"
        return path if path.parent.is_dir() and not os.path.lexists(path) else None


def _any(path: Path, seen: Seen) -> bool:
    return stat.S_ISLNK(seen.mode) or counts(path, seen)


def _has_mounts(top: Path) -> bool:
    return os.path.ismount(top) or any(os.path.ismount(path) for path in top.rglob("*") if path.is_dir())


def _copy_tree(source: Path, target: Path) -> None:
    """Nothing at the target is overwritten, as a careful user would have it: what is there keeps its name."""
    for path in sorted(source.rglob("*")):
        new = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            new.mkdir(parents=True, exist_ok=True)
        else:
            new.parent.mkdir(parents=True, exist_ok=True)
            while os.path.lexists(new):
                new = new.with_name(f"{new.stem}-1{new.suffix}"[-250:])
            shutil.copy2(path, new, follow_symlinks=False)
