"""What is told of each file is what the disk shows."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from shared.journal import Action, Run
from tests.acting.world import World
from worker.pipeline.acting.apply import Acted
from worker.pipeline.acting.plan import Skipped
from worker.pipeline.acting.restore import Restored


class Claims:
    """Looks at the disk right after something was told. came: what came in between, after which all may differ."""

    def __init__(self, world: World, came: Sequence[str], disturbed: bool) -> None:
        self._world = world
        self._came = came
        self._disturbed = disturbed

    def check(self, action: Action, found: Acted | Skipped) -> None:
        """Of a file that was acted on, or left alone."""
        one = found.duplicate
        path = self._world.root / one.path
        if self._came and self._came[0] not in ("full", "broken"):
            return
        if isinstance(found, Skipped):
            assert self._disturbed or digest(path) == one.digest, f"{one.path!r} was left alone: {found.reason}"
        elif action is Action.SYMLINK:
            assert path.is_symlink(), one.path
        elif action is Action.HARDLINK:
            assert os.path.samestat(path.lstat(), (self._world.root / one.keeper).lstat()), one.path
        else:
            assert digest(Path(found.to)) == one.digest, one.path
            assert self._disturbed or not os.path.lexists(path), one.path

    def check_restored(self, run: Run, found: Restored) -> None:
        """Of a file that is said to be back, or not."""
        [entry] = [entry for entry in run.entries.values() if entry.step.path == found.path]
        if found.reason or (self._came and self._came[0] not in ("full", "broken")):
            return
        path, step = self._world.root / found.path, entry.step
        assert digest(path) == step.digest, f"{found.path!r} is not back"
        if not self._disturbed:
            status = path.lstat()
            assert (status.st_mode, status.st_mtime_ns) == (step.mode, step.mtime_ns), found.path


def digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if not path.is_symlink() else ""
    except OSError:
        return ""
