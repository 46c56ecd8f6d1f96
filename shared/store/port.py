"""The port of the store, in roles: what every implementation does, in the project's words.

A collaborator asks for the role it works with, or joins the few that it needs in a protocol beside it; only code that
builds collaborators holds the whole `Store`. Every method raises Unavailable when the store does not answer; all but
`add`, `begin` and `tell` are idempotent.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from shared.failures import FailureKind
from shared.records import Counts, Event, Extractor, Generation, ImageFacts, Match, Owner, Pair, Record, Reference
from shared.records.calibration import Calibration
from shared.records.history import Snapshot
from shared.store.keys import Counter

Change = tuple[str, Record, Record]  # path, the record the caller saw, the record to put in its place
Image = tuple[str, ImageFacts, bytes, bytes]  # digest, facts, encoded features, sketch

Touched = tuple[str, str, Event | None]  # position in the stream, path, what was told of it; None: it was let go

TOUCHED_AT_ONCE: Final = 1000


class Files(Protocol):
    """Reading the record of every file of the collection, by path."""

    def records(self, paths: Sequence[str]) -> list[Record | None]:
        """Records of `paths`, in order; None where there is none (or a corrupt one). One round trip per 1,000."""

    def scan(self) -> Iterator[list[tuple[str, Record]]]:
        """All records in chunks, in no order; a path that changes meanwhile may come twice or in either state."""

    def pending(self) -> Iterator[tuple[str, Record]]:
        """Every pending path that was sent, with its record; those of the backlog are left out."""

    def failures(self) -> Iterator[tuple[str, Record]]:
        """Every failed path with its record."""

    def unjudged(self) -> Iterator[tuple[str, Record]]:
        """Every ready path that has no verdict yet, with its record."""


class Changes(Protocol):
    """Files come, are finished, and go: their records change."""

    def mark_pending(self, references: Sequence[Reference], now: float) -> None:
        """Record that these settled files are on their way to a feature worker; with 0 for `now`, in the backlog."""

    def mark_failed(self, failures: Sequence[tuple[Reference, str]], kind: FailureKind, now: float) -> None:
        """Record files refused without being read, each with its reason, all of one kind."""

    def complete(self, changes: Sequence[Change]) -> list[bool]:
        """Replace each record that is still the one the caller saw. True where it was. One atomic round trip."""

    def forget(self, paths: Sequence[str]) -> int:
        """Remove the records of `paths`; the number that were there."""


class Backlog(Protocol):
    """Files that are on record and were not sent yet, and whether they are to wait."""

    def backlog(self, count: int) -> list[tuple[str, Record]]:
        """Up to `count` files of the backlog with their records, those that changed longest ago. Two round trips."""

    def pause_backlog(self, paused: bool) -> None:
        """Let the backlog wait until it is resumed, or resume it."""

    def is_backlog_paused(self) -> bool:
        """Whether it waits for a person to resume it."""

    def tell_backlog_rests(self, why: str) -> None:
        """Say why else the backlog is not sent, in words; "" while it is."""

    def backlog_rests(self) -> str:
        """What was said last."""


class Attempts(Protocol):
    """How often a worker began a file and did not finish it: a file that takes workers down is given up at last."""

    def begin(self, paths: Sequence[str]) -> list[int]:
        """Count an attempt at each path; how often each was begun and not finished, this time included."""

    def finish(self, paths: Sequence[str]) -> None:
        """Forget the attempts at these paths."""


class Tallies(Protocol):
    """How many files there are in which state, and the counters."""

    def counts(self) -> Counts:
        """Files by state. Constant cost."""

    def verdict_counts(self) -> dict[str, int] | None:
        """Files by verdict, and `unjudged` for those that are ready without one; pending files are in none of these.

        None while they do not add up (an older version wrote): `recount` mends that. Constant cost.
        """

    def recount(self) -> Iterator[None]:
        """Put every path under what its record says, whatever older versions left, in small steps. O(records)."""

    def revision(self) -> int:
        """A number that grows with every change of the collection."""

    def add(self, counter: Counter, amount: int) -> int:
        """Add to a counter (0 reads it); its new value."""


class Images(Protocol):
    """What is known of every picture, by the digest of its file: facts, sketch, and features under an extractor."""

    def facts(self, extractor_id: str, digests: Sequence[str]) -> list[ImageFacts | None]:
        """Facts of each digest that are stored with its sketch and features; also keeps those three from expiring.

        Whether features and sketch are sound is seen by whoever reads them. One round trip per 1,000.
        """

    def features(self, extractor_id: str, digests: Sequence[str]) -> list[bytes | None]:
        """Encoded features in order, None where missing. One round trip per 1,000."""

    def sketches(self, digests: Sequence[str]) -> list[bytes | None]:
        """Sketches in order, None where missing. One round trip per 1,000."""

    def pixels(self, digests: Sequence[str]) -> list[str]:
        """Digest of the pixels of each digest, "" where not known. One round trip per 1,000."""

    def about(self, digests: Sequence[str]) -> list[ImageFacts | None]:
        """Facts of each digest, whatever else is stored of it. One round trip per 1,000."""

    def put_images(self, extractor_id: str, images: Sequence[Image]) -> None:
        """Store facts and features. One pipelined round trip."""

    def drop_images(self, extractor_id: str, digests: Sequence[str]) -> None:
        """Forget what is stored of these pictures: facts, sketch, and features under `extractor_id`."""

    def expire_features(self, extractor_id: str, seconds: float) -> int:
        """Let what is known of digests that no record has, and features of other extractors, end after `seconds`.

        What a record has is kept from ending, whoever writes meanwhile: `complete` keeps it, too. The number of values
        newly marked. O(records + stored images).
        """


class Pairs(Protocol):
    """Pairs of pictures that were compared and are the same, however edited, or one a variant of the other."""

    def put_matches(self, matches: Mapping[Pair, Match]) -> None:
        """Record verified pairs."""

    def find_matches(self, pairs: Sequence[Pair]) -> list[Match | None]:
        """The match of each pair, None where none is recorded. One round trip."""

    def matches(self) -> Iterator[tuple[Pair, Match]]:
        """Every verified pair; one that changes meanwhile may come twice. A damaged one is dropped."""

    def drop_matches(self, pairs: Sequence[Pair]) -> None:
        """Forget pairs, of pictures that are gone."""


class Events(Protocol):
    """The stream of what became of each file, and the verdicts, which never come without it."""

    def give_verdicts(
        self, changes: Sequence[Change], events: Sequence[Event], correction: bool, holder: str = ""
    ) -> list[bool]:
        """As `complete`, and publish the event of each change that was made, in one atomic round trip.

        changes, events: equally long. With `correction` the revision stays, for the run that corrects knows them
        already, and Counter.CORRECTIONS grows; a change of a record into itself is none, and only its event is
        published.
        holder: of the lease LEASE_VERDICTS, or LEASE_RECLUSTER with `correction`; nothing is written and LeaseTaken
        raised where it was not the last one.
        """

    def tell(self, events: Sequence[Event]) -> None:
        """Put events that belong to no record into the stream."""

    def events(self, after: str, wait: float) -> list[tuple[str, Event]]:
        """Up to 1,000 events after the position `after` ("0": the oldest kept, "$": only new ones), with positions.

        Waits up to `wait` seconds for the first one.
        """

    def latest_events(self, count: int) -> list[tuple[str, Event]]:
        """The newest `count` events with positions, newest first."""

    def let_go(self, paths: Sequence[str]) -> None:
        """Say that the verdict writer knows these files no longer: to who follows it, by no event. Counts them, too."""

    def position(self) -> str:
        """The newest position in the stream."""

    def oldest(self) -> str:
        """The oldest position that `touched` may be asked for."""

    def touched(self, after: str) -> list[Touched] | None:
        """Paths that got a verdict, or were let go, with positions: the next 1,000 after a position.

        None where what followed it may be gone: the stream was trimmed, is another one, or is damaged there.
        """


class Extractors(Protocol):
    """Whose features count, and the thresholds calibrated for them."""

    def extractor(self) -> Extractor | None:
        """Whose features count now; None before the first feature worker started."""

    def publish_extractor(self, extractor: Extractor, classes: bytes = b"") -> None:
        """Say whose features count from now on, and what its network calls what it sees: in one step."""

    def classes(self, extractor_id: str) -> bytes:
        """What was published as the classes of the extractor that counts; nothing where that is another one by now."""

    def thresholds(self, extractor_id: str) -> Calibration | None:
        """The thresholds calibrated for an extractor; None where none were. Raises CorruptValue."""

    def put_thresholds(self, extractor_id: str, calibration: Calibration) -> None:
        """Keep these thresholds for an extractor, in place of any before."""


class Generations(Protocol):
    """What recluster runs made: the newest generation whole, and the history of all."""

    def publish(
        self, generation: Generation, keep: int, snapshot: Snapshot | None = None, holder: str = ""
    ) -> list[str]:
        """Store a complete generation, flip the pointer to it, drop all but the newest `keep`; the ids dropped.

        snapshot: joins the history in the step that flips the pointer. holder: of the lease LEASE_RECLUSTER; the
        pointer stays and LeaseTaken is raised where it was not the last one.
        """

    def generation(self) -> Generation | None:
        """The newest complete generation."""

    def summary(self) -> dict[str, Any] | None:
        """The summary of the newest complete generation alone, which is cheap."""

    def centroids(self, generation: str) -> bytes:
        """Centroids of a generation that is kept, without its clusters, which are as many as images; else nothing."""

    def history(self) -> list[Snapshot]:
        """Snapshots of the newest HISTORY_KEPT generations, oldest first, without damaged ones."""


class Leases(Protocol):
    """Who may do the work that only one process does at a time."""

    def lease(self, name: str) -> AbstractContextManager[str]:
        """Hold the lease `name` within a with block, renewed in the background; the holder's name.

        Raises LeaseTaken if it is held.
        """

    def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take a lease for `seconds`; False where somebody else has it. holder: a word that nobody else uses."""

    def keep_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Keep, for `seconds` from now, a lease that was taken before; False where somebody else took it since.

        One that ran out while nobody else took it is still its last holder's.
        """

    def end_lease(self, name: str, holder: str) -> None:
        """Let others have a lease at once; nothing happens where somebody else has it."""

    def holds_lease(self, name: str, holder: str) -> bool:
        """Whether a lease is this holder's now."""


class Database(Protocol):
    """The store as a database, whatever is in it."""

    def ping(self) -> None:
        """Return when the store answers and takes writes."""

    def owner(self) -> Owner | None:
        """Whose collection this is; None where nobody claimed it."""

    def claim(self, owner: Owner) -> Owner:
        """Whose collection this is: `owner`'s from now on, unless somebody claimed it before."""

    def memory(self) -> int:
        """Bytes the store uses."""


class Store(
    Files,
    Changes,
    Backlog,
    Attempts,
    Tallies,
    Images,
    Pairs,
    Events,
    Extractors,
    Generations,
    Leases,
    Database,
    Protocol,
):
    """All of it."""
