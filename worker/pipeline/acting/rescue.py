"""What becomes of moved files whose picture leaves the collection: it is said, and the policy brings them back."""

import logging
import os
from pathlib import Path
from typing import Protocol

from shared.acting.runs import read_runs, run_files
from shared.acting.stranded import Moved, find_stranded, held_digests, moved_files
from shared.errors import ActionsBusy, ImagesieveError
from shared.records import Event
from shared.records.collection import at_text
from shared.store import Events, Files, Tallies
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.restore import restore
from worker.pipeline.acting.settling import settle_runs

STRANDED = "stranded"  # in place of a verdict, in the event stream

logger = logging.getLogger(__name__)


class RescueStore(Files, Tallies, Events, Protocol):
    """What the collection holds, and the event stream, where it is said what it does not hold."""


class Rescue:
    """Looks, now and then, whether the journals hold what the collection does not."""

    def __init__(self, collaborators: Collaborators, root: Path, store: RescueStore, wait: float, bring: bool) -> None:
        """wait: seconds that a picture must be missing; a keeper that is renamed is, too, until it is read again.

        bring: whether the file is brought back, and not only reported.
        """
        self._collaborators = collaborators
        self._root = root
        self._store = store
        self._wait = wait
        self._bring = bring
        self._seen: dict[Path, int] = {}
        self._moved: list[Moved] = []
        self._missing: dict[Moved, float] = {}  # since when
        self._announced: set[Moved] = set()
        self._next = 0.0

    def look(self) -> None:
        """One look, if it is time. Raises Unavailable, JournalFailed."""
        now = self._collaborators.now()
        if 0 < self._next - now <= self._wait:
            return
        self._next = now + self._wait / 4
        self._read_journals()
        if not self._moved:
            return
        found = find_stranded(self._moved, held_digests(self._store, self._moved), os.path.lexists)
        self._missing = {one: min(self._missing.get(one, now), now) for one in found}
        self._announced &= self._missing.keys()
        sure = [one for one, since in self._missing.items() if now - since >= self._wait and one not in self._announced]
        if sure and not self._store.counts().pending:  # one of those may be the keeper under another name
            self._settle(sure, now)

    def _read_journals(self) -> None:
        sizes = {file: file.stat().st_size for file in run_files(self._collaborators.journals)}
        if sizes != self._seen:
            self._moved = moved_files(read_runs(self._collaborators.journals), self._root)
            self._seen = sizes

    def _settle(self, stranded: list[Moved], now: float) -> None:
        """Bring back one of each content, and tell of what cannot be brought back, or is not.

        An edited keeper was its owner's will: then the file is only reported.
        """
        brought: set[str] = set()
        for one in stranded:
            if one.digest in brought:
                self._missing[one] = now  # the other one is back, and the collection will know it
                continue
            reason = "nobody asked for that"
            if self._bring and not os.path.lexists(self._root / one.keeper):
                try:
                    reason = self._bring_back(one)
                except ActionsBusy:
                    return  # the next look tries again
            if not reason:
                brought.add(one.digest)
                logger.warning("%r is brought back from %r: its keeper %r went", one.path, one.place, one.keeper)
                continue
            self._announced.add(one)
            logger.warning("%r: %s; it is not brought back by itself: %s", one.path, one.sentence, reason)
            event = Event(at_text(now), one.path, one.digest, STRANDED, one.keeper, reason=one.sentence)
            self._store.tell([event])

    def _bring_back(self, one: Moved) -> str:
        """Why it could not be; "" where it was. Raises ActionsBusy."""
        try:
            with acting_alone(self._collaborators.journals, self._root):
                settle_runs(self._collaborators)
                runs = {run.header.id: run for run in read_runs(self._collaborators.journals)}
                ended = list(restore(self._collaborators, runs[one.run], {one.number})) if one.run in runs else []
        except ActionsBusy:
            raise
        except ImagesieveError as error:
            return str(error)
        return ended[0].reason if ended else "its journal says that it is not there any more"
