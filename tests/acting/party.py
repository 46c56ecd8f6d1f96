"""Somebody with a state folder of his own: he makes reports, and acts by processes that may be killed."""

import csv
import dataclasses
import errno
import gc
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from shared import filesystems
from shared.acting.duplicates import ReportedDuplicate
from shared.settings import Settings, load_settings
from tests.acting.interruptions import Interruptions
from tests.acting.ledger import Ledger
from tests.acting.world import PROTECTED, World
from worker.commands import act
from worker.engine.proof.sameness import Proof, compare_files
from worker.pipeline.acting import disk as disk_module
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.place import Place

TRACEBACK = 99
KILLED = -signal.SIGKILL
Interrupt = Callable[[], Interruptions]


class DistantDisk(Disk):
    """As if every folder were a file system of its own."""

    def rename(self, source: Place, target: Place) -> None:
        if os.fstat(source.folder).st_ino != os.fstat(target.folder).st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().rename(source, target)


@dataclass(frozen=True)
class Outcome:
    """What a command said and how it ended. status: negative where it was killed."""

    status: int
    events: list[dict[str, Any]]
    errors: str
    words: list[str]

    @property
    def restores(self) -> bool:
        """Whether it brought files back, or was to."""
        return self.words[0] == "restore"

    @property
    def is_dry(self) -> bool:
        """Whether nothing was to be done."""
        return not self.restores and "--yes" not in self.words

    @property
    def killed(self) -> bool:
        return self.status < 0


@dataclass
class Party:
    """One state folder, one target folder, and a name for the watched folder."""

    name: str
    world: World
    ledger: Ledger
    state: Path
    target: Path
    kind_of_disk: str
    root: Path
    runs: int = 0

    @property
    def journals(self) -> Path:
        return self.state / "actions"

    def report(self, duplicates: list[ReportedDuplicate]) -> None:
        """Make a report of what is there."""
        folder = self.state / "reports" / "latest"
        folder.mkdir(parents=True, exist_ok=True)
        digests, rows, seen = {}, [], set()
        for one in duplicates:
            digests |= {one.path: one.digest, one.keeper: one.keeper_digest}
            if one.group not in seen:
                rows.append([one.group, one.keeper, "keeper", "", "1", "0"])
            seen.add(one.group)
            rows.append([one.group, one.path, "duplicate", one.kind, "1", one.bytes])
        _write(folder / "duplicates.csv", ["group", "path", "role", "kind", "similarity", "bytes"], rows)
        _write(folder / "assignments.csv", ["path", "digest"], [[path, digest] for path, digest in digests.items()])
        summary = {"folder": str(self.root), "protected_folders": [PROTECTED]}
        (folder / "summary.json").write_text(json.dumps(summary))

    def command(self, interrupt: Interrupt, *commands: list[str]) -> Outcome:
        """Run `worker.commands.act` in a process of its own. interrupt: called there, gives what comes in between."""
        self.runs += 1
        _warm_up()  # here, and not in each child
        self.ledger.write(f"{self.name}: {'; '.join(' '.join(words) for words in commands)}")
        printed, said = self.state / "printed", self.state / "said"
        for file in (printed, said):
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"")
        child = os.fork()
        if child == 0:
            self._be_child(commands, interrupt, printed, said)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        events = [json.loads(line) for line in printed.read_bytes().split(b"\n")[:-1]]
        outcome = Outcome(status, events, said.read_text(errors="surrogateescape"), commands[-1])
        self.ledger.write(f"  {self.name} ends with {status}; {outcome.errors.strip()}")
        for event in events:
            self.ledger.write(f"    {json.dumps(event)}")
        return outcome

    def _be_child(self, commands: Sequence[list[str]], interrupt: Interrupt, printed: Path, said: Path) -> None:
        code = TRACEBACK
        gc.disable()
        try:
            with ExitStack() as stack:
                stack.enter_context(redirect_stdout(stack.enter_context(printed.open("w"))))
                stack.enter_context(redirect_stderr(stack.enter_context(said.open("w", errors="surrogateescape"))))
                try:
                    self._prepare(interrupt())
                    code = max(act.main(words) for words in commands)
                except BaseException:
                    traceback.print_exc()
                    sys.stderr.flush()
        finally:
            os._exit(code)

    def _prepare(self, before: Interruptions) -> None:
        """In the child alone: its settings, its trash, its disk."""
        settings = _settings().model_copy(update={"watch_dir": self.root, "state_dir": self.state})
        act.load_settings = lambda: settings  # type: ignore[assignment]
        disk = {"distant": DistantDisk}.get(self.kind_of_disk, Disk)(before)
        moments = iter(range(self.runs * 1000 + ord(self.name), 10**9))  # so that no two runs have one name
        make_collaborators = act.make_collaborators
        act.make_collaborators = lambda settings: dataclasses.replace(  # type: ignore[assignment]
            make_collaborators(settings),
            disk=disk,
            compare=_compare,
            now=lambda: 1_700_000_000.0 + next(moments),
            home_trash=lambda: self.world.trash,
        )
        filesystems.IN_MEMORY = frozenset()  # the small drives of these worlds are memory, which is refused
        if self.kind_of_disk == "plain":

            def unknown(*_: object) -> None:
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

            disk_module._renameat2 = unknown


@cache
def _settings() -> Settings:
    """Read once: that takes as long as a step."""
    return load_settings(watch_dir=Path("/"), protect_folders=PROTECTED)


@cache
def _warm_up() -> None:
    """What a process reads and compiles once, and every fork of it has then."""
    _settings()
    Image.init()
    with suppress(SystemExit), redirect_stdout(io.StringIO()):
        act.main(["--help"])


def _compare(keeper: bytes, duplicate: bytes) -> Proof:
    return compare_files(keeper, duplicate, 10**6)


def _write(file: Path, names: list[str], rows: list[list[Any]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    file.write_bytes(text.getvalue().encode("utf-8", "surrogateescape"))
