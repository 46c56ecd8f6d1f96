"""The port of the store, in roles: what every implementation does, in the project's words.

Roles about files stand in file_roles.py, those about pictures in image_roles.py, the others here, with what joins all.

A collaborator asks for the role it works with, or joins the few that it needs in a protocol beside it; only code that
builds collaborators holds the whole `Store`. Every method raises Unavailable when the store does not answer; all but
`add`, `begin` and `tell` are idempotent.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from shared.records import Event, Generation, Owner
from shared.records.history import Snapshot
from shared.store.file_roles import Attempts, Backlog, Change, Changes, Files, Surroundings, Tallies
from shared.store.image_roles import Extractors, Images, Pairs

Touched = tuple[str, str, Event | None]  # position in the stream, path, what was told of it; None: it was let go

TOUCHED_AT_ONCE: Final = 1000


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

    def memory_limit(self) -> int:
        """Bytes the store may use; 0: it has no limit of its own."""


class Store(
    Files,
    Changes,
    Backlog,
    Attempts,
    Tallies,
    Surroundings,
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
