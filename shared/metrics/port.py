"""What is counted for Prometheus, and the port by which it is counted: deciding code knows no more of metrics.

No label ever holds what others write: no file name, no reason, only words of the lists here.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as docs/monitoring.md lists it.

    name: as it is exposed. label: the one it has, "" for none, and the `values` that it can take. buckets: upper bounds
    in seconds, of a histogram.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    label: str = ""
    values: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Meter(Protocol):
    """Where numbers go. No method raises, or waits for anything."""

    def add(self, metric: Metric, amount: float = 1, value: str = "") -> None:
        """Add to a counter. value: the one of its label."""

    def set(self, metric: Metric, number: float) -> None:
        """Set what a gauge shows from now on."""

    def observe(self, metric: Metric, seconds: float) -> None:
        """Add a duration to a histogram."""

    def timing(self, metric: Metric) -> AbstractContextManager[object]:
        """Add the duration of a with block to a histogram, also if it ends with an error."""

    def follow(self, metric: Metric, read: Callable[[], float]) -> None:
        """Let a gauge ask for its value when somebody looks, in a thread of its own."""


class Unmetered:
    """Where nobody looks."""

    def add(self, metric: Metric, amount: float = 1, value: str = "") -> None:  # noqa: ARG002
        return

    def set(self, metric: Metric, number: float) -> None:  # noqa: ARG002
        return

    def observe(self, metric: Metric, seconds: float) -> None:  # noqa: ARG002
        return

    def timing(self, metric: Metric) -> AbstractContextManager[object]:  # noqa: ARG002
        return nullcontext()

    def follow(self, metric: Metric, read: Callable[[], float]) -> None:  # noqa: ARG002
        return


UNMETERED: Final = Unmetered()
