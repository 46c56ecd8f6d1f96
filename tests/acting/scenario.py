"""What happens to a world: runs and restores by real processes that are killed at any system call, and other people.

After each, every content is reachable that its owner has not himself removed, and what was told is what the disk shows.
"""

import errno
import os
import random
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.journal import AWAY, SUFFIX, Action, Phase, acting_alone, read_runs
from tests.acting.claims import Claims
from tests.acting.owner import Owner
from tests.acting.places import Places
from tests.acting.world import PROTECTED, World
from worker.engine.keepers import FolderRules
from worker.engine.sameness import Proof, compare_files
from worker.pipeline.acting import disk as disk_module
from worker.pipeline.acting.apply import Acting, Tools, act_on
from worker.pipeline.acting.disk import Disk, Place
from worker.pipeline.acting.plan import LINKS, Choice, make_plan, needed_paths
from worker.pipeline.acting.restore import choose_run, restore, settle_runs

LAST_CALL = 16  # something comes at one of the first so many system calls that change anything
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where writing to the disk takes no time
TORN = b'{"of": 1, "phase": "do'


class DistantDisk(Disk):
    """As if every folder were a file system of its own."""

    def rename(self, source: Place, target: Place) -> None:
        if os.fstat(source.folder).st_ino != os.fstat(target.folder).st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().rename(source, target)


@dataclass
class Surprise:
    """At one system call this process ends, perhaps with half a line in the journal, or somebody acts, or it fails."""

    calls: int
    what: str  # "kill", "torn", "owner", "full", "broken"
    journals: Path
    owner: Callable[[], str]
    came: list[str] = field(default_factory=list)

    def __call__(self, call: str) -> None:
        self.calls -= 1
        if self.calls > 0 or self.came:
            return
        if self.what == "owner":
            if call == "unlink":  # the last look was in the instant before, and no program sees what is in between
                return
            self.came.append(self.owner())
        elif self.what in ("full", "broken"):
            if call not in ("journal", "unlink"):
                self.came.append(self.what)
                raise OSError(errno.ENOSPC if self.what == "full" else errno.EIO, self.what)
        else:
            if self.what == "torn" and call == "journal":
                with max(self.journals.glob(f"*{SUFFIX}")).open("ab") as file:
                    file.write(TORN)
            os.kill(os.getpid(), signal.SIGKILL)


def compare(keeper: bytes, duplicate: bytes) -> Proof:
    return compare_files(keeper, duplicate, 10**6)


class Scenario:
    """A world in which things happen. history: what did, in order."""

    def __init__(self, base: Path, chance: random.Random, mounts: bool = False) -> None:
        self.world = World(base, chance)
        self.chance = chance
        self.places = Places(self.world, chance, mounts)
        self.owner = Owner(self.world, chance)
        self.kind_of_disk = "near" if self.places.kind else chance.choice(("near", "near", "distant", "plain"))
        self.link = base / "link to watched"
        self.link.symlink_to(self.world.root)
        self.meddled = self._linked = False
        self.history: list[str] = [f"{self.kind_of_disk} disk {self.places.kind}"]
        self.kills = self.acted = 0

    def run(self) -> None:
        """A few things happen, then everything is restored."""
        try:
            before = self.world.tree()
            for _ in range(self.chance.randint(2, 6)):
                known = self.world.reachable()
                happens = self.chance.choice((self._apply, self._apply, self._apply, self._restore, self._disturb))
                self._note(happens.__name__)
                self._linked = False
                happens()
                self.check(known)
            self.places.plug_in()
            known = self.world.reachable()
            self._note("restore all")
            self._linked = False
            self._restore_all()
            self.check(known)
            self._check_end(before)
        finally:
            self.places.end()

    def _check_end(self, before: object) -> None:
        runs = [run for journals in self.world.journals for run in read_runs(journals)]
        self.acted += sum(len(run.entries) for run in runs)
        # One state folder does not know what the links of another lead to; no content is lost by that.
        if not self.meddled and self.places.kind in ("", "small") and len(self.world.journals) == 1:
            assert self.world.leftovers() == []
            assert [run.header.id for run in runs if run.in_hand] == []
            assert [entry for run in runs for entry in run.in_phase(*AWAY)] == []
            assert self.world.tree() == before

    def check(self, known: Counter[str]) -> None:
        """No content that was there is gone, unless its owner removed each of its names."""
        removed, reached = self.owner.removed(), self.world.reachable()
        self.owner.forget()
        for folder in self.places.covered():
            reached += self.world.reachable(folder)
        # Of what a link took the place of the keeper alone is left, as was asked for: who removes it removes the last.
        names = Counter(dict.fromkeys(known, 1)) if self._linked else known
        gone = {name for name in known if name not in reached and removed[name] < names[name]}
        assert not gone, f"{len(gone)} contents are nowhere"

    def _note(self, what: str) -> None:
        self.history.append(what)

    def _disturb(self) -> None:
        """Its owner changes, removes or adds a file, other programs do, or a disk goes away or comes back."""
        self.meddled = True
        self._note(self.places.disturb(self.chance) or self.owner.act(harmless=self.places.seen_twice))

    def _apply(self) -> None:
        action = self.chance.choice(list(Action))
        self._linked = action in LINKS
        kinds = self.chance.choice(((), (), ("exact",), ("exact", "identical", "near")))
        duplicates = self.world.duplicates()
        root = self.chance.choice((self.world.root, self.world.root, self.link))
        protected = {path: self.world.tree()[path] for path in self.world.files() if path.startswith(PROTECTED + "/")}
        self._note(f"{action} {' '.join(kinds)}")

        def apply(tools: Tools, claims: Claims) -> None:
            runs = read_runs(tools.journals)
            rules = FolderRules(protect=(PROTECTED,))
            plan = make_plan(duplicates, Choice(action, kinds), rules, needed_paths(runs, str(root)))
            acting = Acting(tools, action, root, str(self.world.target), named=kinds)
            for found in act_on(acting, plan.chosen, dry=False):
                claims.check(action, found)
            acting.close()

        if not self._in_child(apply, self.chance.choice(self.world.journals)):
            tree = self.world.tree()
            assert {path: tree.get(path) for path in protected} == protected

    def _restore(self) -> None:
        journals = self.chance.choice(self.world.journals)

        def bring_back(tools: Tools, claims: Claims) -> None:
            runs = read_runs(tools.journals)
            run = choose_run(tools, self.chance.choice(["", *(run.header.id for run in runs)]), runs)
            for found in restore(tools, run) if run else ():
                claims.check_restored(run, found)

        self._in_child(bring_back, journals)

    def _restore_all(self) -> None:
        """Newest first, of both state folders: what a link leads to, or a move took, may have been a link before."""
        for journals in self.world.journals:
            self._in_child(lambda tools, claims: None, journals, surprise=False)
        runs = [(run.header.id, journals) for journals in self.world.journals for run in read_runs(journals)]
        for name, journals in sorted(runs, reverse=True):

            def bring_back(tools: Tools, claims: Claims, name: str = name) -> None:
                run = choose_run(tools, name, ())
                assert run
                for found in restore(tools, run):
                    claims.check_restored(run, found)

            self._in_child(bring_back, journals, surprise=False)

    def _in_child(self, step: Callable[[Tools, Claims], None], journals: Path, surprise: bool = True) -> bool:
        """Do it in a process of its own, after whatever an earlier one had in hand; perhaps something comes between.

        Whether the owner may have acted meanwhile.
        """
        comes = surprise and self.chance.random() < 0.7
        what = self.chance.choice(("kill", "kill", "torn", "owner", "owner", "full", "broken"))
        calls = self.chance.randint(1, LAST_CALL) if comes else 10**9
        self.meddled = self.meddled or (comes and what == "owner")
        self._note(f"{what} at call {calls}" if comes else "undisturbed")
        happens = Surprise(calls, what, journals, lambda: self.owner.act(harmless=self.places.seen_twice))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: this child is short
            child = os.fork()
        if child == 0:
            self._be_child(step, happens)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        assert ended in (0, -signal.SIGKILL), "the child failed, see above"
        self.kills += ended != 0
        return comes and what == "owner"

    def _be_child(self, step: Callable[[Tools, Claims], None], happens: Surprise) -> None:
        code = 1
        try:
            self._prepare()
            kinds = {"near": Disk, "plain": Disk, "distant": DistantDisk}
            disk = kinds[self.kind_of_disk](happens)
            tools = Tools(happens.journals, compare, time.time, lambda: self.world.trash, disk)
            claims = Claims(self.world, happens.came, self.meddled or bool(self.places.kind))
            with acting_alone(tools.journals, self.world.root):
                settle_runs(tools)
                step(tools, claims)
            code = 0
        except OSError as error:
            if not happens.came:  # else it is what was made to fail, and nothing more could be done
                traceback.print_exc()
            code = 0 if happens.came else code
            _ = error
        except BaseException:
            traceback.print_exc()
        finally:
            if happens.came:
                (self.world.base / "came").write_text(happens.came[0])
            os._exit(code)

    def _prepare(self) -> None:
        """In the child alone: a file system that can neither exchange names nor keep from overwriting."""
        if self.kind_of_disk == "plain":

            def unknown(*_: object) -> None:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

            disk_module._renameat2 = unknown


__all__ = ["IN_MEMORY", "Phase", "Scenario"]
