"""supervisord as a child: it starts, logs and stops the programs of the stack; who died is started again from here.

supervisord itself would start a program again at once, for ever, if it lived for more than a second or two; a worker
that dies over its first message has lived longer. So it is told to leave the dead alone (shared.stack.restarts).
"""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.xmlrpc import SupervisorTransport

from shared.errors import StackFailed
from shared.settings import PREFIX
from shared.stack.leftovers import end_leftovers
from shared.stack.programs import REDIS, Program
from shared.stack.restarts import LIVES, SHORT_LIFE, Restarts

NOT_STARTED: Final = ("FATAL", "UNKNOWN")
LOG_TAIL: Final = 15
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says of a program. state: its word, such as RUNNING, BACKOFF, EXITED, FATAL."""

    name: str
    state: str
    exit_status: int
    pid: int


# In its configuration a blank before # or ; begins a comment, and nothing quotes that. So the path of the state folder
# is not written into it: supervisord takes it from its environment, which has the settings.
_STATE: Final = f"%(ENV_{PREFIX}STATE_DIR)s"


def render_config(programs: Sequence[Program]) -> str:
    """supervisord's configuration (pure)."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"logfile={_STATE}/logs/supervisord.log",
        f"pidfile={_STATE}/supervisord.pid",
        f"childlogdir={_STATE}/logs",
        "loglevel=info",
        "[unix_http_server]",
        f"file={_STATE}/sv.sock",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += [
            f"[program:{program.name}]",
            f"command={_command(program.command)}",
            f"priority={program.priority}",
            "autostart=false",
            "autorestart=false",
            "startsecs=0",
            "startretries=0",
            f"stopwaitsecs={program.stop_seconds}",
            "stopsignal=TERM",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=%{_STATE}/logs/{program.name}.log",  # supervisord expands this one twice
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
    return "\n".join(lines) + "\n"


def _command(words: Sequence[str]) -> str:
    """A command line that is read as these words: by the parser of the file, by its expansion, by shlex at last."""
    # Where a word has one of these signs it stands in single quotes. Closed and opened again before the sign, they are
    # what it follows, in place of a blank.
    line = shlex.join(words).replace("#", "''#").replace(";", "'';")
    return line.replace("%", "%%")


class Supervisor:
    """A running supervisord with all programs stopped at first."""

    def __init__(
        self,
        programs: Sequence[Program],
        folder: Path,
        environment: dict[str, str],
        lock: int,
        say: Callable[[str], None],
    ) -> None:
        """Start it. `lock` is inherited, so the state folder stays taken while any of the two processes lives.

        environment: of all programs; the settings are in it.
        say: tells people of what died.
        """
        self._folder = folder
        self._say = say
        self._programs = {program.name: program for program in programs}
        self._restarts = {program.name: Restarts() for program in programs}
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        config = folder / "supervisord.conf"
        config.write_text(render_config(programs))
        # What it says stands in its log, too. Where the disk of that is full it complains on standard error, and a
        # file there, on the same disk, would be the end of it.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for `up`, which stops the stack in order
            preexec_fn=_end_with_parent(),
        )
        self._wait_until_listening()

    def _wait_until_listening(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StackFailed(f"supervisord ended with status {self._process.returncode}; see {self._folder}/logs")
            try:
                self._call("getState")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise StackFailed(f"supervisord did not answer within 30 s; see {self._folder}/logs")

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._folder / 'sv.sock'}")
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)

    def start(self, name: str) -> None:
        """Start a program without waiting for it."""
        self._restarts[name].begin(time.monotonic())
        self._call("startProcess", name, False)

    def states(self) -> dict[str, ProgramState]:
        """Every program's state. Raises StackFailed when supervisord itself is gone."""
        try:
            rows = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error) as error:
            raise StackFailed(f"supervisord is gone ({error}); see {self._folder}/logs") from error
        return {row["name"]: ProgramState(row["name"], row["statename"], row["exitstatus"], row["pid"]) for row in rows}

    def check(self) -> None:
        """Start again whoever died and has waited long enough; to be called about twice a second.

        Raises StackFailed, with the end of its log, when a program cannot be started or was given up.
        """
        now = time.monotonic()
        for state in self.states().values():
            if state.state in NOT_STARTED:
                raise StackFailed(f"{state.name} cannot be started; {self._end_of_log(state.name)}")
            if state.state == "EXITED" and self._programs[state.name].restart:
                self._revive(state, self._restarts[state.name], now)

    def _revive(self, state: ProgramState, restarts: Restarts, now: float) -> None:
        if restarts.is_due(now):
            self.start(state.name)
        elif not restarts.is_over:
            pause = restarts.end(now)
            if pause is None:
                raise StackFailed(
                    f"{state.name} ended {LIVES} times in a row within {SHORT_LIFE:.0f} s of its start and was given "
                    f"up; {self._end_of_log(state.name)}"
                )
            ended = f"with status {state.exit_status}" if state.exit_status >= 0 else "by a signal"
            self._say(f"{state.name} ended {ended}; it starts again in {pause:.0f} s; log: {self.log(state.name)}")

    def _end_of_log(self, name: str) -> str:
        return f"the end of {self.log(name)}:\n{self.tail(name)}"

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self._folder / "logs" / f"{name}.log"

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        try:
            return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-LOG_TAIL:])
        except FileNotFoundError:
            return "(no log)"

    def stop(self) -> None:
        """Stop every program, Redis last, then supervisord. What does not end in its time is killed."""
        if self._process.poll() is not None:
            end_leftovers(self._folder)
            return
        # Alone, supervisord would stop one after the other: twice the time.
        for name in self._programs:
            if name != REDIS:
                with suppress(OSError, xmlrpc.client.Error):  # it does not run, or supervisord is ending itself
                    self._call("stopProcess", name, False)
        self._process.send_signal(signal.SIGTERM)
        patience = sum(program.stop_seconds for program in self._programs.values()) + 30
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _end_with_parent() -> Callable[[], None]:
    """For supervisord, before it starts: whatever ends `up` ends the stack, in order; nobody would look after it."""
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
