"""When a program that died is started again, and when it is given up. Pure: the clock is an argument."""

from typing import Final

SHORT_LIFE: Final = 60.0  # seconds; whoever lived longer had no trouble to start
LONGEST_PAUSE: Final = 60.0
LIVES: Final = 10  # short ones in a row; with the pauses between them about five minutes


class Restarts:
    """The lives of one program. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._begun = 0.0
        self._due: float | None = None
        self.short_lives = 0

    def begin(self, now: float) -> None:
        """It was started."""
        self._begun, self._due = now, None

    def end(self, now: float) -> float | None:
        """It was found dead: the pause before its next start, a second at first and doubled for every short life.

        None, when it is to be given up. To be called once a life; see `is_over`.
        """
        self.short_lives = self.short_lives + 1 if now - self._begun < SHORT_LIFE else 1
        if self.short_lives >= LIVES:
            return None
        pause = min(LONGEST_PAUSE, 2.0 ** (self.short_lives - 1))
        self._due = now + pause
        return pause

    @property
    def is_over(self) -> bool:
        """Whether its end is known already."""
        return self._due is not None

    def is_due(self, now: float) -> bool:
        """Whether its pause is over."""
        return self._due is not None and now >= self._due
