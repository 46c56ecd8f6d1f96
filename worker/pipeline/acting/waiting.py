"""Duplicates that wait to be moved, until nobody can be in the middle of moving their keepers away.

Most programs move a folder to another disk by copying all of it and deleting the original afterwards. In between each
copy is a duplicate of a file that is about to go.
"""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

SETTLES: Final = 60  # times IMAGESIEVE_SETTLE that a duplicate and all that came the same way must be left alone

Way = tuple[str, str]  # two folders: from the first one files seem to be copied to the second


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proved duplicate. at: when its verdict was given, seconds since the epoch."""

    path: str
    digest: str
    keeper: str
    at: float

    @property
    def way(self) -> Way:
        """The folders that keeper and duplicate have the same place in.

        >>> Waiting("2024/album/1/a.jpg", "", "old/album/1/a.jpg", 0).way
        ('old', '2024')
        """
        keeper, path = list(PurePosixPath(self.keeper).parts), list(PurePosixPath(self.path).parts)
        while len(keeper) > 1 and len(path) > 1 and keeper[-1] == path[-1]:
            keeper, path = keeper[:-1], path[:-1]
        if len(path) == len(PurePosixPath(self.path).parts):  # another name: the folders they lie in
            keeper, path = keeper[:-1], path[:-1]
        return "/".join(keeper), "/".join(path)


def find_due(waiting: Iterable[Waiting], stirred: Mapping[Way, float], now: float, wait: float) -> list[Waiting]:
    """Those that came by a way on which nothing has happened for `wait` seconds (pure).

    stirred: when a file of a way was seen to go. A copy of a large folder takes hours, and its first files are as much
    in the middle of it as the last.
    """
    ways: defaultdict[Way, list[Waiting]] = defaultdict(list)
    for one in waiting:
        ways[one.way].append(one)
    return [
        one
        for way, ones in ways.items()
        if now - max(stirred.get(way, 0.0), *(one.at for one in ones)) >= wait
        for one in ones
    ]


class WaitingList:
    """The duplicates that wait, in a file that outlives the process; one that is lost is merely not moved."""

    def __init__(self, file: Path) -> None:
        """Read what an earlier process left. Raises OSError."""
        self._file = file
        self._lock = threading.Lock()  # verdicts are given by one thread, files moved by another
        lines = file.read_text("ascii").splitlines() if file.exists() else []
        self._ones = {one.path: one for one in map(_parse, lines) if one}

    def ones(self, now: float) -> list[Waiting]:
        """All of them. What seems to come from the future waits from now on: the clock was set back."""
        with self._lock:
            self._ones = {path: replace(one, at=min(one.at, now)) for path, one in self._ones.items()}
            return list(self._ones.values())

    def add(self, ones: Sequence[Waiting]) -> None:
        """These wait from now on. Raises OSError."""
        with self._lock:
            self._ones |= {one.path: one for one in ones}
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._file.open("a", encoding="ascii") as out:
                out.write(_lines(ones))

    def remove(self, ones: Iterable[Waiting]) -> None:
        """These wait no longer, unless they were added anew meanwhile. Raises OSError."""
        with self._lock:
            for one in ones:
                if self._ones.get(one.path) == one:
                    del self._ones[one.path]
            fresh = self._file.with_name(self._file.name + ".new")
            fresh.write_text(_lines(self._ones.values()), "ascii")
            os.replace(fresh, self._file)  # noqa: PTH105 - as everywhere here


def _lines(ones: Iterable[Waiting]) -> str:
    # Surrogates, which stand for bytes of a name that are not UTF-8, are escaped.
    return "".join(json.dumps([one.path, one.digest, one.keeper, one.at]) + "\n" for one in ones)


def _parse(line: str) -> Waiting | None:
    """A line; None for one that was cut off, or damaged."""
    try:
        path, digest, keeper, at = json.loads(line)
        return Waiting(str(path), str(digest), str(keeper), float(at))
    except (ValueError, TypeError):
        return None
