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
from shared.stack.leftovers import STACK, end_leftovers
from shared.stack.programs import REDIS, Program
from shared.stack.restarts import LIVES, SHORT_LIFE, Restarts

DIRECTORY: Final = "IMAGESIEVE_DIRECTORY"  # environment: where the programs run, which is where `up` was called
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


def render_config(programs: Sequence[Program]) -> tuple[str, dict[str, str]]:
    """supervisord's configuration, and the environment that it refers to (pure).

    It runs in the state folder, and commands come by the environment: in the file a blank with `#` or `;` behind it
    would begin a comment, and a line break another line, whatever quotes are around them.
    """
    commands = {f"IMAGESIEVE_COMMAND_{program.name.upper()}": shlex.join(program.command) for program in programs}
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "logfile=logs/supervisord.log",
        "pidfile=supervisord.pid",
        "childlogdir=logs",
        "loglevel=info",
        "[unix_http_server]",
        "file=sv.sock",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program, variable in zip(programs, commands, strict=True):
        lines += [
            f"[program:{program.name}]",
            f"command=%(ENV_{variable})s",
            f"directory=%(ENV_{DIRECTORY})s",
            f"priority={program.priority}",
            "autostart=false",
            "autorestart=false",
            "startsecs=0",
            "startretries=0",
            f"stopwaitsecs={program.stop_seconds}",
            "stopsignal=TERM",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=logs/{program.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
        if program.environment:
            pairs = ",".join(f'{key}="{value}"' for key, value in program.environment.items())
            lines.append(f"environment={pairs}")
    return "\n".join(lines) + "\n", commands


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

        say: tells people of what died.
        """
        self._folder = folder
        self._say = say
        self._programs = {program.name: program for program in programs}
        self._restarts = {program.name: Restarts() for program in programs}
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        text, commands = render_config(programs)
        (folder / "supervisord.conf").write_text(text)
        # What it says stands in its log, too. Where the disk of that is full it complains on standard error, and a
        # file there, on the same disk, would be the end of it.
        self._process = subprocess.Popen(
            # -P: what lies in the state folder is no code.
            [sys.executable, "-P", "-m", "supervisor.supervisord", "-n", "-c", "supervisord.conf"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment, **commands, STACK: str(folder), DIRECTORY: str(Path.cwd())},
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
