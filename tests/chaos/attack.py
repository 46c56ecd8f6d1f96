"""Who is struck when, and how long until all is well again."""

import os
import signal
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from tests.chaos.plan import CONNECTIONS, Fault, Plan
from tests.chaos.processes import Program
from tests.chaos.stack import Stack

PATIENCE: Final = 180.0  # for a program that was killed


class NotBack(Exception):
    """A program that was killed stays away."""


@dataclass
class Strike:
    """A fault as it happened. pid: who was killed, 0 for connections. seconds: until the target was there again."""

    target: str
    fault: Fault
    at: float
    pid: int = 0
    connections: int = 0
    seconds: float | None = None


class Attack:
    """The faults of a plan, each as soon as it is due."""

    def __init__(self, plan: Plan, stack: Stack) -> None:
        self.strikes: list[Strike] = []
        self._stack = stack
        self._left = {target: deque(faults) for target, faults in plan.faults.items()}
        self._well: dict[str, tuple[Program, float]] = {}  # who is there, since when
        self._down: dict[str, Strike] = {}

    def is_over(self) -> bool:
        """Whether nothing is to come."""
        return not any(self._left.values())

    def is_well(self) -> bool:
        """Whether every target was there at the last look."""
        return self._left.keys() == self._well.keys() and not self._down

    def look(self, strike: bool = True) -> None:
        """See who is there, and strike one who is due; a strike may change how the others are.

        Raises NotBack, StackEnded.
        """
        self._stack.check()
        found = self._stack.programs()
        since = {target: self._notice(target, found.get(target)) for target in self._left}
        for target, begun in since.items():
            left = self._left[target]
            if strike and left and begun is not None and time.monotonic() - begun >= left[0].rest:
                self._strike(target, left.popleft(), found[target])
                return

    def _notice(self, target: str, program: Program | None) -> float | None:
        """Since when the target is well; None while it is not."""
        now, down = time.monotonic(), self._down.get(target)
        if program is None or (down and down.pid in (program.main, program.child)):
            self._well.pop(target, None)
            if down and now - down.at > PATIENCE:
                raise NotBack(f"{target} was killed {now - down.at:.0f} s ago and is not there again")
            return None
        if down:
            down.seconds = now - down.at
            del self._down[target]
        known = self._well.get(target)
        if known is None or known[0] != program:
            self._well[target] = program, now
        return self._well[target][1]

    def _strike(self, target: str, fault: Fault, program: Program) -> None:
        strike = Strike(target, fault, time.monotonic())
        if target == CONNECTIONS:
            strike.connections = self._stack.cut_connections()
            del self._well[target]
        else:
            strike.pid = program.child if fault.child else program.main
            os.kill(strike.pid, signal.SIGKILL)
            self._down[target] = strike
        self.strikes.append(strike)
