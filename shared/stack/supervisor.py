"""supervisord as a child: it starts, logs and stops the programs of the stack, and starts again those that died.

What it cannot do is done here: tell the person at `up` of each end, and end `up` when a program is given up.
"""

import ctypes
import os
import re
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

from supervisor.xmlrpc import Faults, SupervisorTransport

from shared.errors import StackFailed
from shared.settings import PREFIX
from shared.stack.leftovers import end_leftovers
from shared.stack.programs import REDIS, Program

SHORT_LIFE: Final = 60  # seconds; who lived longer had no trouble to start: it starts again at once
RETRIES: Final = 20  # short lives in a row; each waits a second longer than the one before: three and a half minutes
LOG_TAIL: Final = 15
SUPERVISORD: Final = "supervisord"  # its own log, among those of the programs
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says of a program. state: its word, such as STARTING, RUNNING, BACKOFF, EXITED, FATAL.

    exit_status: where it is EXITED. ended: when it last did, in seconds since the epoch; 0 for never.
    """

    state: str
    exit_status: int
    ended: int


# In its configuration a blank before # or ; begins a comment, and nothing quotes that. So the path of the state folder
# is not written into it: supervisord takes it from its environment, which has the settings.
_STATE: Final = f"%(ENV_{PREFIX}STATE_DIR)s"


def render_config(programs: Sequence[Program]) -> str:
    """supervisord's configuration (pure)."""
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"logfile={_STATE}/logs/{SUPERVISORD}.log",
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
            *_restarting(program),
            f"stopwaitsecs={program.stop_seconds}",
            "stopsignal=TERM",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=%{_STATE}/logs/{program.name}.log",  # supervisord expands this one twice
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
    return "\n".join(lines) + "\n"


def _restarting(program: Program) -> list[str]:
    """A program that is not started again is EXITED with its status, however soon it ends."""
    seconds, retries = (SHORT_LIFE, RETRIES) if program.restart else (0, 0)
    return [f"autorestart={str(program.restart).lower()}", f"startsecs={seconds}", f"startretries={retries}"]


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
        self._ended: dict[str, int] = {}  # when each program last ended, of the ends that were told
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
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != Faults.SPAWN_ERROR:  # it ended at once: supervisord tries again by itself
                raise StackFailed(f"{name} cannot be started: {fault.faultString}") from fault

    def states(self) -> dict[str, ProgramState]:
        """Every program's state, by its name. Raises StackFailed when supervisord itself is gone."""
        try:
            rows = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error) as error:
            raise StackFailed(f"supervisord is gone ({error}); see {self._folder}/logs") from error
        return {row["name"]: ProgramState(row["statename"], row["exitstatus"], row["stop"]) for row in rows}

    def check(self) -> None:
        """Tell of each program that ended and starts again; to be called about twice a second.

        Raises StackFailed, with the end of its log, when a program was given up.
        """
        for name, state in self.states().items():
            if state.state == "FATAL":
                raise StackFailed(
                    f"{name} does not stay up and was given up; the end of {self.log(name)}:\n{self.tail(name)}"
                )
            if self._programs[name].restart and state.ended != self._ended.get(name, 0):
                self._ended[name] = state.ended
                self._say(f"{name} ended{self._how(name)}; it starts again; log: {self.log(name)}")

    def _how(self, name: str) -> str:
        """With which status or by which signal a program ended; "" where that is not known.

        supervisord keeps no status of a program that lived briefly, or was started again: only its log has it.
        """
        ends = re.findall(rf"exited: {name} \((.+); (?:not )?expected\)", "\n".join(self._lines(SUPERVISORD)))
        return f" ({ends[-1]})" if ends else ""

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self._folder / "logs" / f"{name}.log"

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        return "\n".join(self._lines(name)[-LOG_TAIL:])

    def _lines(self, name: str) -> list[str]:
        try:
            return self.log(name).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ["(no log)"]

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
