"""What happens to a world: runs and restores by real processes that are killed at any system call, and meddling."""

import errno
import os
import random
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.journal import SUFFIX, Action, Phase, acting_alone, read_runs
from tests.acting.world import PROTECTED, World
from worker.engine.keepers import FolderRules
from worker.engine.sameness import Proof, compare_files
from worker.pipeline.acting import disk as disk_module
from worker.pipeline.acting.apply import Acting, Tools, act_on
from worker.pipeline.acting.disk import Disk, Place
from worker.pipeline.acting.plan import Choice, make_plan, needed_paths
from worker.pipeline.acting.restore import choose_run, restore, settle_runs

LAST_CALL = 14  # a kill comes at one of the first so many system calls that change something
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where writing to the disk takes no time
TORN = b'{"of": 1, "phase": "do'


class DistantDisk(Disk):
    """As if every folder were a file system of its own."""

    def rename(self, source: Place, target: Place) -> None:
        if os.fstat(source.folder).st_ino != os.fstat(target.folder).st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().rename(source, target)


@dataclass
class Killer:
    """Ends this process before the call with this number, perhaps with half a line in the journal."""

    calls: int
    torn: bool
    journals: Path

    def __call__(self, what: str) -> None:
        self.calls -= 1
        if self.calls > 0:
            return
        if self.torn and what == "journal":
            with max(self.journals.glob(f"*{SUFFIX}")).open("ab") as file:
                file.write(TORN)
        os.kill(os.getpid(), signal.SIGKILL)


def compare(keeper: bytes, duplicate: bytes) -> Proof:
    return compare_files(keeper, duplicate, 10**6)


class Scenario:
    """A world in which things happen; `check` after each."""

    def __init__(self, base: Path, chance: random.Random) -> None:
        self.world = World(base, chance)
        self.chance = chance
        self.kind_of_disk = chance.choice(("near", "near", "distant", "plain"))
        self.meddled = False
        self.kills = self.acted = 0

    def run(self) -> None:
        """A few things happen, then everything is restored."""
        before = self.world.tree()
        for _ in range(self.chance.randint(1, 4)):
            pictures = self.world.reachable()
            happens = self.chance.choice((self._apply, self._apply, self._apply, self._restore, self._meddle))
            self.check(pictures, happens())
        pictures = self.world.reachable()
        self._in_child(self._restore_all, kill=False)
        self.check(pictures, False)
        assert self.world.leftovers() == []
        runs = read_runs(self.world.journals)
        assert [run.header.id for run in runs if run.in_hand] == []
        self.acted += sum(len(run.entries) for run in runs)
        if not self.meddled:
            assert [entry for run in runs for entry in run.in_phase(Phase.DONE)] == []
            assert self.world.tree() == before

    def check(self, pictures: set[str], meddled: bool) -> None:
        """No picture that was there is gone, unless its owner removed it."""
        if not meddled:
            assert pictures - self.world.reachable() == set()

    def _apply(self) -> bool:
        action = self.chance.choice(list(Action))
        kinds = self.chance.choice(((), (), ("exact",), ("exact", "identical", "near")))
        duplicates = self.world.duplicates()
        protected = {path: self.world.tree()[path] for path in self.world.files() if path.startswith(PROTECTED + "/")}

        def apply(tools: Tools) -> None:
            runs = read_runs(tools.journals)
            rules = FolderRules(protect=(PROTECTED,))
            plan = make_plan(duplicates, Choice(action, kinds), rules, needed_paths(runs, str(self.world.root)))
            acting = Acting(tools, action, self.world.root, str(self.world.target))
            for _ in act_on(acting, plan.chosen, dry=False):
                pass
            acting.close()

        self._in_child(apply)
        tree = self.world.tree()
        assert {path: tree.get(path) for path in protected} == protected
        return False

    def _restore(self) -> bool:
        def bring_back(tools: Tools) -> None:
            runs = read_runs(tools.journals)
            names = [run.header.id for run in runs]
            run = choose_run(tools, self.chance.choice(["", *names]), runs)
            for _ in restore(tools, run) if run else ():
                pass

        self._in_child(bring_back)
        return False

    @staticmethod
    def _restore_all(tools: Tools) -> None:
        """Newest first: what a link leads to may have been moved later."""
        for run in reversed(read_runs(tools.journals)):
            for _ in restore(tools, run):
                pass

    def _meddle(self) -> bool:
        """Its owner changes, removes or adds a file, in the watched folder or where files were moved to."""
        self.meddled = True
        places = [path for top in (self.world.root, self.world.target) for path in sorted(top.rglob("*"))]
        files = [path for path in places if (path.is_file() or path.is_symlink()) and not _is_ours(path)]
        what = self.chance.choice(("change", "remove", "replace", "add"))
        if what == "add" or not files:
            self.world.put(self.chance.randbytes(20))
            return False
        path = self.chance.choice(files)
        if what == "change" and path.exists():
            path.chmod(0o644)
            path.write_bytes(self.chance.randbytes(30))
        elif what == "replace":
            path.unlink()
            path.write_bytes(self.chance.randbytes(30))
        else:
            path.unlink()
        return True

    def _in_child(self, step: Callable[[Tools], None], kill: bool = True) -> None:
        """Do it in a process of its own, after whatever an earlier one had in hand; perhaps it is killed."""
        calls = self.chance.randint(1, LAST_CALL) if kill and self.chance.random() < 0.6 else 10**9
        killer = Killer(calls, self.chance.random() < 0.5, self.world.journals)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: this child is short
            child = os.fork()
        if child == 0:
            self._be_child(step, killer)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        assert ended in (0, -signal.SIGKILL), "the child failed, see above"
        self.kills += ended != 0

    def _be_child(self, step: Callable[[Tools], None], killer: Killer) -> None:
        code = 1
        try:
            self._prepare()
            kinds = {"near": Disk, "plain": Disk, "distant": DistantDisk}
            tools = Tools(
                self.world.journals, compare, time.time, lambda: self.world.trash, kinds[self.kind_of_disk](killer)
            )
            with acting_alone(tools.journals, self.world.root):
                settle_runs(tools)
                step(tools)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _prepare(self) -> None:
        """In the child alone: a file system that can neither exchange names nor keep from overwriting."""
        if self.kind_of_disk == "plain":

            def unknown(*_: object) -> None:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

            disk_module._renameat2 = unknown


def _is_ours(path: Path) -> bool:
    return path.name.startswith(".imagesieve-")
