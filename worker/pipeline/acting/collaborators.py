"""What apply and restore work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.acting.runs import RunHeader
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.inspection import Prove
from worker.pipeline.acting.single import Steps


@dataclass(frozen=True)
class Collaborators:
    """The collaborators of apply and restore. journals: their folder. compare: two files' pictures in full.

    home_trash: gives its path; raises LeftAlone where nobody knows it. now: seconds since the epoch.
    """

    journals: Path
    compare: Prove
    now: Callable[[], float]
    home_trash: Callable[[], Path]
    disk: Disk = field(default_factory=Disk)

    def steps(self, header: RunHeader) -> Steps:
        """The steps of a run."""
        return Steps(header, self.disk, self.home_trash, self.now)
