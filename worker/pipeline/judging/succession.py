"""What works under the extractor that counts, and its successor when another extractor is published."""

from collections.abc import Callable
from typing import Generic, TypeVar

from shared.errors import Unavailable
from shared.store import Extractors

_T = TypeVar("_T")


class Succession(Generic[_T]):
    """One of a kind at a time, each for an extractor; the first is opened when it is first asked for."""

    def __init__(self, store: Extractors, open_next: Callable[[str], _T]) -> None:
        """open_next: makes one for an extractor id."""
        self._store = store
        self._open_next = open_next
        self.extractor = ""  # id of the one that was opened last
        self.opened: _T | None = None

    def current(self) -> _T:
        """The one for the extractor that counts now. Raises Unavailable before any was published."""
        extractor = self._store.extractor()
        if extractor is None:
            raise Unavailable("the feature worker", "has not published its extractor yet")
        if self.opened is None or extractor.id != self.extractor:
            self.opened = None  # its memory is free for the next one
            self.opened, self.extractor = self._open_next(extractor.id), extractor.id
        return self.opened
