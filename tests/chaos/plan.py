"""What happens in a chaos run, decided before it starts: seeded lists of what is done to the folder and to whom (pure).

What is done to the folder has a time. A fault has none: it strikes when its target has been well for a while again, so
that nothing is killed while it lies down, and no supervisor has a reason to give a program up.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FEATURES, PROPOSALS, VERDICTS, RECLUSTER = "features", "proposals", "verdicts", "recluster"
WATCHER, BEAT, REDIS, CONNECTIONS = "watcher", "beat", "redis", "connections"
# Each is a main process of Celery's and its child, which does the work.
WORKERS: Final = (FEATURES, PROPOSALS, VERDICTS, RECLUSTER)
PROGRAMS: Final = (*WORKERS, WATCHER, BEAT)

SHORTEST, LONGEST = 4.0, 16.0  # seconds in which a target is well between two faults
LONG_REST: Final = 65.0  # a program that lives so long counts as started well; every fifth time
LOADING: Final = 8.0  # until the child of the feature worker has loaded its network: it should die at work
RECOVERY: Final = 8.0  # seconds until a target is well again, about
FOLDERS: Final = ("", "camera/", "camera/2026/", "phone/", "shared/album/")
BURST: Final = 12  # files at once, at most


class Edit(StrEnum):
    """What was done to a picture before it came into the folder."""

    ORIGINAL = "original"
    IDENTICAL = "identical"  # the same pixels in another format
    ENCODED = "encoded"  # JPEG, of a lower quality
    HALF = "half"  # half the size
    BROKEN = "broken"  # cut off in the middle


APPEAR: Final = ("files written", "files copied", "files cut off")  # kinds of actions, as `done` counts them
COPIES: Final = (Edit.ORIGINAL, Edit.ORIGINAL, Edit.IDENTICAL, Edit.ENCODED, Edit.HALF)


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file: the picture with this number, edited."""

    picture: int
    edit: Edit


@dataclass(frozen=True, slots=True)
class Write:
    """A file appears, or other bytes take its place; written where it is, or `moved` in when it is complete."""

    path: str
    content: Content
    moved: bool


@dataclass(frozen=True, slots=True)
class Rename:
    """A file or a folder gets another name, which may have been taken."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Delete:
    """A file goes."""

    path: str


Action = Write | Rename | Delete


@dataclass(frozen=True, slots=True)
class Step:
    """at: seconds after the start."""

    at: float
    action: Action


@dataclass(frozen=True, slots=True)
class Fault:
    """It strikes when its target has been well for `rest` seconds. child: of the worker, not its main process."""

    rest: float
    child: bool = False


@dataclass(frozen=True)
class Plan:
    """The whole. files: what the folder holds in the end. pictures: how many there are."""

    steps: tuple[Step, ...]
    faults: dict[str, tuple[Fault, ...]]
    files: dict[str, Content]
    pictures: int
    done: dict[str, int] = field(default_factory=dict)  # how often each kind of action comes


def make_plan(seed: int, images: int, kills: int) -> Plan:
    """images: files that appear, copies among them. kills: of each program; the other faults are fewer."""
    chance = random.Random(seed)
    faults = {name: tuple(_kills(chance, kills, name)) for name in PROGRAMS}
    seconds = max(sum(kill.rest + RECOVERY for kill in some) for some in faults.values())
    for target, count in ((REDIS, max(1, kills // 4)), (CONNECTIONS, max(1, kills // 2))):
        faults[target] = tuple(Fault(chance.uniform(0.3, 1.0) * seconds / count) for _ in range(count))
    folder = _Folder(chance)
    actions = list(folder.fill(images))
    steps = tuple(map(Step, _times(chance, len(actions), seconds), actions))
    return Plan(steps, faults, folder.files, folder.pictures, dict(sorted(folder.done.items())))


def _kills(chance: random.Random, count: int, name: str) -> Iterator[Fault]:
    more = LOADING if name == FEATURES else 0.0
    for number in range(count):
        rest = LONG_REST if number % 5 == 4 else more + chance.uniform(SHORTEST, LONGEST)
        yield Fault(rest, name in WORKERS and chance.random() < 0.5)


def _times(chance: random.Random, count: int, seconds: float) -> list[float]:
    """In bursts, as people and programs copy files."""
    times: list[float] = []
    while len(times) < count:
        times += [chance.uniform(0, seconds)] * chance.randint(1, BURST)
    return sorted(times[:count])


class _Folder:
    """The folder as it will be, so that every action finds what it needs."""

    def __init__(self, chance: random.Random) -> None:
        self.files: dict[str, Content] = {}
        self.pictures = 0
        self.done: dict[str, int] = {}
        self._chance = chance
        self._names = 0
        self._folders = list(FOLDERS)

    def fill(self, images: int) -> Iterator[Action]:
        kinds = {
            "files written": (30, self._write), "files copied": (40, self._copy),
            "files overwritten": (8, self._overwrite), "files cut off": (2, self._break),
            "files renamed": (8, self._rename), "folders renamed": (1, self._rename_folder),
            "files deleted": (11, self._delete),
        }  # fmt: skip
        left = images
        while left:
            kind = self._chance.choices(list(kinds), [weight for weight, _ in kinds.values()])[0]
            if len(self.files) < BURST:
                kind = "files written"
            action = kinds[kind][1]()
            if action is None:
                continue
            left -= kind in APPEAR
            self.done[kind] = self.done.get(kind, 0) + 1
            yield action

    def _write(self) -> Action:
        self.pictures += 1
        return self._put(self._new_path(".jpg"), Content(self.pictures - 1, Edit.ORIGINAL))

    def _copy(self) -> Action | None:
        """Of any picture, one whose original has gone perhaps."""
        content = Content(self._some_picture(), self._chance.choice(COPIES))
        return self._put(self._new_path(".png" if content.edit is Edit.IDENTICAL else ".jpg"), content)

    def _overwrite(self) -> Action:
        """With a new picture, or with a copy of another one; the suffix stays, whatever the bytes are."""
        path = self._some_path()
        if self._chance.random() < 0.5:
            self.pictures += 1
            return self._put(path, Content(self.pictures - 1, Edit.ORIGINAL))
        return self._put(path, Content(self._some_picture(), self._chance.choice(COPIES)))

    def _break(self) -> Action:
        return self._put(self._new_path(".jpg"), Content(self._some_picture(), Edit.BROKEN))

    def _rename(self) -> Action | None:
        source = self._some_path()
        taken = self._chance.random() < 0.1
        target = self._some_path() if taken else self._new_path(source[source.rindex(".") :])
        if source == target:
            return None
        self.files[target] = self.files.pop(source)
        return Rename(source, target)

    def _rename_folder(self) -> Action | None:
        self._names += 1
        source = self._chance.choice([folder for folder in self._folders if folder])
        head, slash, name = source.rstrip("/").rpartition("/")
        target = f"{head}{slash}{name.split('~')[0]}~{self._names}/"
        inside = [path for path in self.files if path.startswith(source)]
        if not inside:
            return None
        for path in inside:
            self.files[target + path.removeprefix(source)] = self.files.pop(path)
        self._folders = [
            target + name.removeprefix(source) if name.startswith(source) else name for name in self._folders
        ]
        return Rename(source.rstrip("/"), target.rstrip("/"))

    def _delete(self) -> Action:
        path = self._some_path()
        del self.files[path]
        return Delete(path)

    def _put(self, path: str, content: Content) -> Write:
        self.files[path] = content
        return Write(path, content, moved=self._chance.random() < 0.5)

    def _new_path(self, suffix: str) -> str:
        self._names += 1
        return f"{self._chance.choice(self._folders)}{self._names:05}{suffix}"

    def _some_path(self) -> str:
        return self._chance.choice(list(self.files))

    def _some_picture(self) -> int:
        return self.files[self._some_path()].picture
