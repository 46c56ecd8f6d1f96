"""The bits of a JPEG XL codestream and the numbers in them: ISO/IEC 18181-1, annex B. The lowest bit comes first."""

from typing import Final

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT

_MOST_EXTENSION: Final = 1 << 20  # bits of what a later edition adds
_NOT_FINITE: Final = 31  # exponent of a number of 16 bits that is none

Choice = int | tuple[int, int]  # a number, or how many bits follow and what is added to them


class Bits:
    """Bits, one after the other. at: where the next one is. Raises ValueError beyond the end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at, self._end = data, at, 8 * len(data)

    def read(self, count: int) -> int:
        """The next bits, up to 56."""
        if self.at + count > self._end:
            raise ValueError("its end is missing")
        first = self.at >> 3
        value = int.from_bytes(self.data[first : first + 8], "little") >> (self.at & 7) & ((1 << count) - 1)
        self.at += count
        return value

    def flag(self) -> bool:
        """The next bit."""
        return self.read(1) == 1

    def choice(self, *ways: Choice) -> int:
        """A number in one of four ways (U32)."""
        way = ways[self.read(2)]
        return way if isinstance(way, int) else self.read(way[0]) + way[1]

    def name(self) -> int:
        """A number that stands for a name (Enum)."""
        return self.choice(0, 1, (4, 2), (6, 18))

    def large(self) -> int:
        """A number of up to 64 bits (U64)."""
        way = self.read(2)
        if way < 3:
            return self.read(4 * way) + (0, 1, 17)[way]
        value, shift = self.read(12), 12
        while self.flag():
            if shift == 60:
                return value | self.read(4) << shift
            value |= self.read(8) << shift
            shift += 8
        return value

    def fraction(self) -> float:
        """A number of 16 bits (F16). Raises ValueError where it is not finite."""
        bits = self.read(16)
        exponent, mantissa = bits >> 10 & 31, bits & 1023
        if exponent == _NOT_FINITE:
            raise ValueError("a number that is not finite")
        size = mantissa * 2.0**-24 if not exponent else (1024 + mantissa) * 2.0 ** (exponent - 25)
        return -size if bits >> 15 else size

    def text(self) -> None:
        """Pass over a name in letters."""
        self.skip(8 * self.choice(0, (4, 0), (5, 16), (10, 48)))

    def extensions(self) -> None:
        """Pass over what later editions may add."""
        known = self.large()
        self.skip(sum(self.large() for _ in range(known.bit_count())))

    def skip(self, count: int) -> None:
        """Pass over bits."""
        if count > _MOST_EXTENSION or self.at + count > self._end:
            raise ValueError("its end is missing")
        self.at += count

    def align(self) -> None:
        """Go on to the next byte; the bits before it are zeros."""
        if self.read(-self.at % 8):
            raise ValueError("a header that does not end where it should")


def unsupported(what: str) -> UnreadableImage:
    """Refusal of an intact file."""
    return UnreadableImage(FailureKind.UNSUPPORTED, f"JPEG XL picture {what}: {CONVERT}")
