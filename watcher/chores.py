"""The watcher's chores: scans, searches for what was lost, recounts. One is under way at a time, in small pieces."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from watcher.scan import Reconciler
from watcher.storage import WatchedStorage
from watcher.timing import Timer

LOST_SECONDS: Final = 5.0
RECOUNT_SECONDS: Final = 86400.0  # what an older version left uncounted is counted at the start; damage, once a day
DOUBT_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 10.0


class Chores:
    """What is to be done besides following hints, and how far it is."""

    def __init__(
        self,
        folder: WatchedStorage,
        reconciler: Reconciler,
        lost_after: Callable[[], float | None],
        rescan_every: float,
    ) -> None:
        """lost_after: see `scan.lost_after`. rescan_every: seconds between two complete scans."""
        self._folder = folder
        self._reconciler = reconciler
        self._lost_after = lost_after
        self._rescan_timer, self._lost_timer = Timer(rescan_every), Timer(LOST_SECONDS)
        self._doubt_timer, self._recount_timer = Timer(DOUBT_SECONDS), Timer(RECOUNT_SECONDS)
        self._rescan_wanted = False
        self._doubt = False  # whether files are missing whose absence could not be believed
        self._folders: set[str] = set()  # appeared, not looked through yet
        self._departed: set[str] = set()
        self._under_way: Iterator[bool] | None = None

    def is_under_way(self) -> bool:
        """Whether one is begun and not finished."""
        return self._under_way is not None

    def want_rescan(self) -> None:
        """Have everything looked at again."""
        self._rescan_wanted = True

    def postpone_rescan(self, now: float) -> None:
        """Have the periodic scan a whole period from now."""
        self._rescan_timer.postpone(now)

    def note(self, appeared: Collection[str], departed: Collection[str]) -> None:
        """Have folders looked through that appeared, and what was in those forgotten that departed."""
        self._folders.update(appeared)
        self._departed.update(departed)

    def forget(self, gone: Sequence[str]) -> None:
        """Forget files that are missing, unless that cannot be believed: then the folder is looked at again later."""
        if gone and self._folder.believes_absence():
            self._reconciler.forget(gone)
        elif gone:
            self._doubt = True

    def look_at_clock(self, now: float) -> None:
        """Want a rescan where it is time for the next one, or where what was in doubt can be believed by now."""
        self._rescan_wanted |= self._rescan_timer.rings(now)
        if self._doubt and self._doubt_timer.rings(now):
            self._rescan_wanted |= self._folder.believes_absence()

    def step(self, now: float) -> bool:
        """Do one piece of the chore under way, or of the next one that is due. False where there is none."""
        self._under_way = self._under_way or self._next(now)
        if self._under_way is None:
            return False
        believed = next(self._under_way, None)
        if believed is None:
            self._under_way = None
        else:
            self._doubt |= not believed
        return True

    def _next(self, now: float) -> Iterator[bool] | None:
        if self._rescan_wanted:
            self._rescan_wanted = self._doubt = False
            self._rescan_timer.postpone(now)
            self._folders, self._departed = set(), set()
            return self._reconciler.rescan()
        if self._departed:
            departed, self._departed = self._departed, set()
            return self._reconciler.forget_missing(departed)
        if self._folders:
            folders, self._folders = self._folders, set()
            return self._reconciler.scan_folders(folders)
        if self._lost_timer.rings(now) and (after := self._lost_after()):
            return self._reconciler.find_lost(after)
        if self._recount_timer.rings(now):
            return self._reconciler.recount()
        return None

    def wait_for_folder(self, now: float) -> None:
        """The folder is away: let go what is under way, and scan again in a while."""
        self._under_way = None
        self._rescan_timer.set(now + AWAY_SECONDS)

    def start_again(self, now: float) -> None:
        """Redis was away: let go what is under way, and look at everything again."""
        self._under_way, self._rescan_wanted = None, True
        self._recount_timer.set(now)  # it may have been under way
