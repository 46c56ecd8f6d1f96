"""What was decided is done by a process of its own, the one that the command line starts; what it says is kept here.

It writes the journal of each step itself, so the page may end at any time.
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.acting.events import ActingEvent

KEPT: Final = 300  # newest events that are shown
_TOLD: Final = 2000  # characters of what it says when it cannot go on


@dataclass(slots=True)
class Doing:
    """A process that acts. title: what it does, for people. events: the newest, the newest last.

    counts: of all events, by their name. failed: of those, what the system refused. status: None while it runs.
    """

    title: str
    dry: bool
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    counts: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    failed: int = 0
    run: str = ""
    trouble: str = ""
    status: int | None = None

    @property
    def runs(self) -> bool:
        """Whether it goes on."""
        return self.status is None


class Actor:
    """One process at a time. Safe between threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """environment: the settings."""
        self._environment = {**os.environ, **environment}
        self._lock = threading.Lock()
        self._doing: Doing | None = None

    @property
    def doing(self) -> Doing | None:
        """What is being done, or was done last by this server."""
        return self._doing

    def start(self, words: Sequence[str], title: str, dry: bool = False) -> bool:
        """Begin; False where something is being done already. words: arguments of worker.commands.act."""
        with self._lock:
            if self._doing and self._doing.runs:
                return False
            doing = self._doing = Doing(title, dry)
            process = subprocess.Popen(
                [sys.executable, "-m", "worker.commands.act", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # it finishes what it does where the page is ended
            )
        threading.Thread(target=_follow, args=(process, doing), name="acting", daemon=True).start()
        return True


def _follow(process: "subprocess.Popen[bytes]", doing: Doing) -> None:
    assert process.stdout and process.stderr  # noqa: S101, PT018 - they are pipes
    trouble: list[bytes] = []
    pipe = process.stderr
    reader = threading.Thread(target=lambda: trouble.extend(pipe), daemon=True)
    reader.start()
    for line in process.stdout:
        event = json.loads(line)
        doing.counts[event["event"]] += 1
        doing.failed += bool(event.get("failed"))
        if event["event"] in (ActingEvent.ACTED, ActingEvent.WOULD):
            doing.bytes += event.get("bytes", 0)
        if event["event"] == ActingEvent.END:
            doing.run = event.get("run") or ""
        doing.events.append(event)
    status = process.wait()
    reader.join()
    process.stdout.close()
    pipe.close()
    doing.trouble = b"".join(trouble).decode(errors="replace")[-_TOLD:] if status else ""
    doing.status = status
