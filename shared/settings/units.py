"""Durations and sizes as people write them: `5m`, `90s`, `1GB`, `512MiB` (pure)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

_WRITTEN: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-z]+)")


@dataclass(frozen=True)
class Measure:
    """What a number counts. base: the unit of a number without one; units: how much of the base each of them is.

    any_case: whether `gb` is `GB`, which it may be where no two units differ in that alone.
    """

    base: str
    units: Mapping[str, Fraction]
    examples: str
    any_case: bool = False

    def read(self, value: Any) -> Any:
        """A number with a unit as a number of the base; whatever else it is, as it is.

        >>> DURATION.read("5m"), DURATION.read("0.5s"), SIZE.read("512MiB"), SIZE.read("7"), SIZE.read("5m")
        (300, 0.5, 536870912, '7', '5m')
        """
        found = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        factor = self._factor(found[2]) if found else None
        if not found or factor is None:
            return value
        amount = Fraction(found[1]) * factor
        return int(amount) if amount.denominator == 1 else float(amount)

    def _factor(self, unit: str) -> Fraction | None:
        if not self.any_case:
            return self.units.get(unit)
        return next((factor for name, factor in self.units.items() if name.lower() == unit.lower()), None)

    def words(self, amount: float) -> str:
        """The number in the largest unit of which it is a whole multiple, as `read` takes it.

        >>> DURATION.words(300.0), DURATION.words(0.1), DURATION.words(0.0), SIZE.words(1 << 30), SIZE.words(10**9)
        ('5m', '100ms', '0', '1GiB', '1GB')
        """
        exact = Fraction(str(amount))
        whole = [(factor, name) for name, factor in self.units.items() if exact and not exact % factor]
        if not whole:
            return f"{amount:g}"
        factor, name = max(whole)
        return f"{exact // factor}{name}"

    @property
    def allowed(self) -> str:
        """What may stand there, to be read after `a number`."""
        *most, last = self.units
        return f"({self.base}), or one with a unit ({', '.join(most)} or {last}), such as {self.examples}"


def _powers(base: int, *names: str) -> dict[str, Fraction]:
    return {name: Fraction(base**power) for power, name in enumerate(names, 1)}


DURATION: Final = Measure(
    "seconds",
    {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600), "d": Fraction(86400)},
    "90s or 5m",
)
SIZE: Final = Measure(
    "bytes",
    {"B": Fraction(1), **_powers(1000, "kB", "MB", "GB", "TB"), **_powers(1024, "KiB", "MiB", "GiB", "TiB")},
    "1GB or 512MiB",
    any_case=True,
)
