"""What became of a batch of files."""

from collections import Counter
from dataclasses import dataclass, field

from shared.records import Reference


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: numbers of files, the references to send again alone, the paths to give a verdict.

    seconds: per stage. read: reading and decoding, of all threads together. wait: for them; the rest of that time the
    batch before was computed. forward: the network. store: writing.
    """

    ready: int = 0
    cached: int = 0
    failed: int = 0
    skipped: int = 0
    alone: list[Reference] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """For the log."""
        stages = " ".join(f"{stage} {seconds:.3f}" for stage, seconds in self.seconds.items())
        return (
            f"{self.ready} ready ({self.cached} from cache), {self.failed} failed, {self.skipped} skipped, "
            f"{len(self.alone)} sent again alone; seconds {stages}"
        )

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both together."""
        return Outcome(
            self.ready + other.ready,
            self.cached + other.cached,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.alone + other.alone,
            self.finished + other.finished,
            dict(Counter(self.seconds) + Counter(other.seconds)),
        )
