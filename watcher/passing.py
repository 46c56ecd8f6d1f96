"""What a complete scan passes over, as it goes: counted by suffix, and put into a list that is bounded."""

import hashlib
from collections import defaultdict
from typing import Final

from shared.admission import Why
from shared.records.passed_over import Amount, Passed, PassedOver, pack_passed

PART: Final = 5_000  # files in a part of the list
LISTED: Final = 2_000_000  # files in the list, about 25 MB; those behind them are counted alone
SUFFIXES: Final = 500  # that are counted apart; IMAGESIEVE_SUFFIXES may leave any number of others
OTHER_SUFFIXES: Final = "other suffixes"


class Passing:
    """The files that one scan has passed over so far. Memory: the list, compressed."""

    def __init__(self) -> None:
        self._suffixes: defaultdict[str, Amount] = defaultdict(Amount)
        self._others: defaultdict[str, Amount] = defaultdict(Amount)
        self._rows: list[Passed] = []
        self._listed = 0
        self.parts: list[bytes] = []

    def add(self, passed: Passed) -> None:
        """Count a file or folder, and list it while there is room."""
        by_suffix = passed.why is Why.SUFFIX
        counted, name = (self._suffixes, passed.suffix) if by_suffix else (self._others, str(passed.why))
        if by_suffix and name not in counted and len(counted) >= SUFFIXES:
            name = OTHER_SUFFIXES
        counted[name] = counted[name].plus(1, passed.bytes)
        if self._listed < LISTED:
            self._listed += 1
            self._rows.append(passed)
            if len(self._rows) == PART:
                self._pack()

    def finish(self) -> PassedOver:
        """All of it; the list is in `parts`."""
        self._pack()
        digest = hashlib.sha256()
        for part in self.parts:
            digest.update(part)
        name = digest.hexdigest() if self.parts else ""
        return PassedOver(dict(self._suffixes), dict(self._others), self._listed, name)

    def _pack(self) -> None:
        if self._rows:
            self.parts.append(pack_passed(self._rows))
            self._rows = []
