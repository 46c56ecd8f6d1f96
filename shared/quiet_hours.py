"""Hours of the day in which the backlog rests, such as `08:00-18:00` (pure)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

_MINUTES: Final = 24 * 60
_WRITTEN: Final = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day up to another, which is the next day's where it is earlier. 0 up to 0: never."""

    begin: int = 0
    end: int = 0

    @classmethod
    def parse(cls, words: str) -> Self:
        """Hours as people write them; "" for none. Raises ValueError.

        >>> QuietHours.parse("22:30-07:00")
        QuietHours(begin=1350, end=420)
        """
        if not words.strip():
            return cls()
        found = _WRITTEN.fullmatch(words.strip())
        hours = [int(number) for number in found.groups()] if found else [99] * 4
        begin, end = 60 * hours[0] + hours[1], 60 * hours[2] + hours[3]
        if max(begin, end) > _MINUTES or begin % _MINUTES == end % _MINUTES:
            raise ValueError("use two times of the day, such as 08:00-18:00 or, over midnight, 22:00-07:00")
        return cls(begin % _MINUTES, end % _MINUTES)

    def cover(self, moment: datetime) -> bool:
        """Whether this moment, in the time that people have there, is one of the hours."""
        minute = 60 * moment.hour + moment.minute
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    @property
    def end_in_words(self) -> str:
        """When they end.

        >>> QuietHours(480, 1080).end_in_words
        '18:00'
        """
        return f"{self.end // 60:02}:{self.end % 60:02}"
