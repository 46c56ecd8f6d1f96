"""supervisord as a child: it starts, restarts with a growing pause, logs and stops the programs of the stack."""

import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from supervisor.xmlrpc import SupervisorTransport

from shared.errors import StackFailed
from shared.stack.programs import Program

RETRIES: Final = 5  # supervisord waits a second longer before each
GIVEN_UP: Final = ("FATAL", "UNKNOWN")
LOG_TAIL: Final = 15


@dataclass(frozen=True)
class ProgramState:
    """What supervisord says of a program. state: its word, such as RUNNING, BACKOFF, EXITED, FATAL."""

    name: str
    state: str
    exit_status: int
    pid: int


def render_config(programs: Sequence[Program], folder: Path) -> str:
    """supervisord's configuration (pure). `%` is its own expansion sign and is doubled."""
    socket, logs = _literal(folder / "sv.sock"), _literal(folder / "logs")
    lines = [
        "[supervisord]",
        "nodaemon=true",
        f"logfile={logs}/supervisord.log",
        f"pidfile={_literal(folder / 'supervisord.pid')}",
        f"childlogdir={logs}",
        "loglevel=info",
        "[unix_http_server]",
        f"file={socket}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += [
            f"[program:{program.name}]",
            f"command={_literal(shlex.join(program.command))}",
            f"priority={program.priority}",
            "autostart=false",
            f"autorestart={'true' if program.restart else 'false'}",
            "startsecs=2" if program.restart else "startsecs=0",
            f"startretries={RETRIES}",
            f"stopwaitsecs={program.stop_seconds}",
            "stopsignal=TERM",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={logs}/{program.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]
        if program.environment:
            pairs = ",".join(f'{key}="{_literal(value)}"' for key, value in program.environment.items())
            lines.append(f"environment={pairs}")
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    return str(value).replace("%", "%%")


class Supervisor:
    """A running supervisord with all programs stopped at first."""

    def __init__(self, programs: Sequence[Program], folder: Path, environment: dict[str, str], lock: int) -> None:
        """Start it. `lock` is inherited, so the state folder stays taken while any of the two processes lives."""
        self._folder = folder
        self._programs = {program.name: program for program in programs}
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        config = folder / "supervisord.conf"
        config.write_text(render_config(programs, folder))
        with (folder / "logs" / "supervisord.out").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C is for `up`, which stops the stack in order
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
        self._call("startProcess", name, False)

    def states(self) -> dict[str, ProgramState]:
        """Every program's state. Raises StackFailed when supervisord itself is gone."""
        try:
            rows = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error) as error:
            raise StackFailed(f"supervisord is gone ({error}); see {self._folder}/logs") from error
        return {row["name"]: ProgramState(row["name"], row["statename"], row["exitstatus"], row["pid"]) for row in rows}

    def check(self) -> None:
        """Raise StackFailed, with the end of its log, when a program was given up."""
        for state in self.states().values():
            if state.state in GIVEN_UP:
                raise StackFailed(
                    f"{state.name} ended {RETRIES + 1} times within two seconds of its start and was given up; "
                    f"the end of {self.log(state.name)}:\n{self.tail(state.name)}"
                )

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
        """Stop every program in reverse order of start, then supervisord. What does not end in its time is killed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        patience = sum(program.stop_seconds for program in self._programs.values()) + 30
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
