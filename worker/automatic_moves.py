"""What the verdict worker does to files without a command; each part is built when it is first used."""

import os
import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from shared import names
from shared.decisions import DecisionJournal
from shared.settings import Settings
from shared.store import RedisStore
from worker.turn import HOLDER

if TYPE_CHECKING:
    from worker.engine.groups.keepers import FolderRules
    from worker.pipeline.acting.collaborators import Collaborators
    from worker.pipeline.acting.policy import Policy
    from worker.pipeline.acting.rescue import Rescue


class AutomaticMoves:
    """Duplicates that move by themselves, and moved files whose picture leaves the collection."""

    def __init__(
        self, settings: Settings, store: Callable[[], RedisStore], folders: Callable[[], "FolderRules"]
    ) -> None:
        """store: it is not asked for before it is needed. folders: that decide who stays, as they are mounted now."""
        self._settings = settings
        self._store = store
        self._folders = folders

    @cached_property
    def policy(self) -> "Policy":
        """The policy: what follows from a verdict without a command."""
        from worker.pipeline.acting.policy import Policy

        settings = self._settings
        settings.check_policy()
        return Policy(
            self._acting, settings.watch_dir, settings.move_to, self._acting_folders, self._store().records,
            self._patience, DecisionJournal(settings.decisions_dir, time.time).read,
        )  # fmt: skip

    @cached_property
    def rescue(self) -> "Rescue":
        """What becomes of moved files whose picture leaves the collection."""
        from worker.pipeline.acting.rescue import Rescue

        settings = self._settings
        return Rescue(
            self._acting, settings.watch_dir, self._store(), self._patience, bring=settings.on_duplicate == "move"
        )

    def look(self) -> None:
        """Move what has waited long enough, and see to what was moved and is missing. Raises Unavailable."""
        if not self._store().holds_lease(names.LEASE_VERDICTS, os.environ.get(HOLDER, "")):
            return
        if self._settings.on_duplicate == "move":
            self.policy.look()
        self.rescue.look()

    @cached_property
    def _acting(self) -> "Collaborators":
        from worker.engine.proof.sameness import compare_files
        from worker.pipeline.acting.collaborators import Collaborators
        from worker.pipeline.acting.trash_folder import home_trash

        compare = partial(compare_files, max_pixels=self._settings.max_pixels)
        return Collaborators(self._settings.actions_dir, compare, time.time, partial(home_trash, os.environ))

    @property
    def _patience(self) -> float:
        """Seconds that a duplicate waits before it moves, and that a keeper must be gone before it is missed."""
        from worker.pipeline.acting.waiting import SETTLES

        return SETTLES * self._settings.settle

    def _acting_folders(self) -> "FolderRules":
        self._settings.check_protected()
        return self._folders()
