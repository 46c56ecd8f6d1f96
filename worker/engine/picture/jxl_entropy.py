"""The entropy coding of JPEG XL, of which a colour profile and the order of a frame's parts are made: ISO/IEC 18181-1,
annex C. Pixels are never decoded here.
"""

from dataclasses import dataclass
from typing import Final

from worker.engine.picture.jxl_bits import Bits
from worker.engine.picture.jxl_prefix import PREFIX_BITS, read_code, read_fixed, read_symbol

_LOG_RANGE: Final = 12  # of the weights of a distribution, which add up to 4096
_RANGE: Final = 1 << _LOG_RANGE
_END_STATE: Final = 0x130000
_MOST_CLUSTERS: Final = 256
_WINDOW: Final = 1 << 20
# How the bits of a weight are coded: length and bits of the code, and what it means; _REPEAT is a run of the last one.
_WEIGHT_CODES: Final = {
    (3, 0): 10, (3, 2): 7, (3, 4): 6, (3, 5): 8, (3, 6): 9, (4, 3): 3, (4, 7): 5, (4, 9): 4, (4, 11): 1, (4, 15): 2,
    (5, 17): 0, (6, 33): 11, (7, 1): 12, (7, 65): 13,
}  # fmt: skip
_REPEAT: Final = 13


@dataclass(frozen=True, slots=True)
class _Split:
    """How a number is made of a token and bits behind it."""

    exponent: int
    upper: int
    lower: int

    def number(self, token: int, bits: Bits) -> int:
        if token < 1 << self.exponent:
            return token
        held = self.upper + self.lower
        count = self.exponent - held + ((token - (1 << self.exponent)) >> held) & 31
        low, token = token & ((1 << self.lower) - 1), token >> self.lower
        top = 1 << self.upper | token & ((1 << self.upper) - 1)
        return ((top << count | bits.read(count)) << self.lower | low) & 0xFFFFFFFF


class Numbers:
    """Numbers that are coded together. contexts: how many kinds of them there are.

    Raises ValueError where the coding makes no sense.
    """

    def __init__(self, bits: Bits, contexts: int, may_copy: bool = True) -> None:
        self._bits = bits
        self._copies = bits.flag()
        self._least_symbol, self._least_length, self._length = 0, 0, _Split(0, 0, 0)
        if self._copies:
            if not may_copy:
                raise ValueError("a coding within a coding without end")
            self._least_symbol = bits.choice(224, 512, 4096, (15, 8))
            self._least_length = bits.choice(3, 4, (2, 5), (8, 9))
            self._length = _read_split(bits, 8)
            contexts += 1
        self._clusters = _read_clusters(bits, contexts) if contexts > 1 else [0]
        count = max(self._clusters) + 1
        self._prefix = bits.flag()
        log_size = PREFIX_BITS if self._prefix else bits.read(2) + 5
        self._splits = [_read_split(bits, log_size) for _ in range(count)]
        if self._prefix:
            sizes = [_read_size(bits, 4) + 1 for _ in range(count)]
            self._codes = [read_code(bits, size) for size in sizes]
            self._state = _END_STATE
        else:
            self._tables = [_table(_read_weights(bits, 1 << log_size), log_size) for _ in range(count)]
            self._shift = _LOG_RANGE - log_size
            self._state = bits.read(32)
        self._seen: list[int] = []
        self._left, self._from = 0, 0

    def read(self, context: int) -> int:
        """The next number."""
        if not self._left:
            cluster = self._clusters[context]
            token = self._symbol(cluster)
            if not self._copies:
                return self._splits[cluster].number(token, self._bits)
            if token < self._least_symbol:
                return self._keep(self._splits[cluster].number(token, self._bits))
            self._left = self._length.number(token - self._least_symbol, self._bits) + self._least_length
            last = self._clusters[-1]
            back = self._splits[last].number(self._symbol(last), self._bits) + 1
            self._from = len(self._seen) - min(back, len(self._seen), _WINDOW)
        self._left -= 1
        self._from += 1
        return self._keep(self._seen[self._from - 1] if self._from <= len(self._seen) else 0)

    def finish(self) -> None:
        """Raise ValueError where the coding did not end as it should: then it was damaged."""
        if self._state != _END_STATE:
            raise ValueError("a hole in its header")

    def _keep(self, number: int) -> int:
        self._seen.append(number)
        return number

    def _symbol(self, cluster: int) -> int:
        if self._prefix:
            return read_symbol(self._bits, self._codes[cluster])
        place = self._state & (_RANGE - 1)
        within = place & ((1 << self._shift) - 1)
        cut, right, offset, weights = self._tables[cluster][place >> self._shift]
        symbol, offset = (right, offset + within) if within >= cut else (place >> self._shift, within)
        self._state = weights[symbol] * (self._state >> _LOG_RANGE) + offset
        if self._state < 1 << 16:
            self._state = self._state << 16 | self._bits.read(16)
        return symbol


def _read_split(bits: Bits, log_size: int) -> _Split:
    exponent, upper, lower = bits.read(log_size.bit_length()), 0, 0
    if exponent != log_size:
        upper = bits.read(exponent.bit_length())
        if upper > exponent:
            raise ValueError("a coding of numbers that makes no sense")
        lower = bits.read((exponent - upper).bit_length())
    if upper + lower > exponent or exponent > log_size:
        raise ValueError("a coding of numbers that makes no sense")
    return _Split(exponent, upper, lower)


def _read_size(bits: Bits, wide: int) -> int:
    """A small number; wide: bits that say how many bits it has."""
    if not bits.flag():
        return 0
    count = bits.read(wide)
    return (1 << count) + bits.read(count)


def _read_clusters(bits: Bits, contexts: int) -> list[int]:
    """Which contexts share a distribution."""
    if bits.flag():
        wide = bits.read(2)
        clusters = [bits.read(wide) for _ in range(contexts)]
    else:
        moved = bits.flag()
        numbers = Numbers(bits, 1, may_copy=contexts > 2)
        clusters = [numbers.read(0) for _ in range(contexts)]
        numbers.finish()
        if max(clusters) >= _MOST_CLUSTERS:
            raise ValueError("more distributions than there may be")
        if moved:
            order = list(range(_MOST_CLUSTERS))
            for place, index in enumerate(clusters):
                clusters[place] = order.pop(index)
                order.insert(0, clusters[place])
    if set(clusters) != set(range(max(clusters) + 1)):
        raise ValueError("a distribution that nothing uses")
    return clusters


def _read_weights(bits: Bits, most: int) -> list[int]:
    """The weights of symbols, 4096 together."""
    if bits.flag():
        symbols = [_read_size(bits, 3) for _ in range(bits.read(1) + 1)]
        weights = [0] * (max(symbols) + 1)
        weights[symbols[0]] = _RANGE if len(symbols) == 1 else bits.read(_LOG_RANGE)
        if len(symbols) == 2:
            if symbols[0] == symbols[1]:
                raise ValueError("a distribution that makes no sense")
            weights[symbols[1]] = _RANGE - weights[symbols[0]]
    elif bits.flag():
        size = _read_size(bits, 3) + 1
        weights = [_RANGE // size + (symbol < _RANGE % size) for symbol in range(size)]
    else:
        weights = _read_uneven_weights(bits)
    while len(weights) > 1 and not weights[-1]:
        weights.pop()
    if len(weights) > most:
        raise ValueError("more symbols than there may be")
    return weights


def _read_uneven_weights(bits: Bits) -> list[int]:
    ones = 0
    while ones < 3 and bits.flag():
        ones += 1
    shift = (bits.read(ones) | 1 << ones) - 1
    size = _read_size(bits, 3) + 3
    if shift > _LOG_RANGE + 1:
        raise ValueError("a distribution that makes no sense")
    logs, runs = _read_logs(bits, size)
    rest = max((place for place in range(size) if logs[place] != _REPEAT), key=lambda place: logs[place], default=-1)
    if rest < 0:
        raise ValueError("a distribution that makes no sense")
    weights, left = [0] * size, 0
    for place in range(size):
        if place in runs:
            left = runs[place]
        if left:
            left -= 1
            weights[place] = weights[place - 1] if place else 0
        elif place != rest and logs[place]:
            log = logs[place] - 1
            count = max(0, min(log, shift - ((_LOG_RANGE - log) >> 1)))
            weights[place] = (1 << log) + (bits.read(count) << log - count)
    weights[rest] = _RANGE - sum(weights)
    if weights[rest] <= 0:
        raise ValueError("a distribution that makes no sense")
    return weights


def _read_logs(bits: Bits, size: int) -> tuple[list[int], dict[int, int]]:
    """How many bits each weight has, and where runs of one weight begin and how long they are."""
    logs, runs, at = [0] * size, {}, 0
    while at < size:
        logs[at] = read_fixed(bits, _WEIGHT_CODES)
        if logs[at] == _REPEAT:
            runs[at] = _read_size(bits, 3) + 4
        at += runs.get(at, 1)
    return logs, runs


_Entry = tuple[int, int, int, list[int]]  # where the second symbol begins, that symbol, its offset, all weights


def _table(weights: list[int], log_size: int) -> list[_Entry]:
    """Which symbol each place of a state stands for: two in each entry (Vose's alias method)."""
    count, room = 1 << log_size, _RANGE >> log_size
    if _RANGE in weights:
        only = weights.index(_RANGE)
        return [(0, only, room * entry, weights) for entry in range(count)]
    cuts = weights + [0] * (count - len(weights))
    rights, offsets = list(range(count)), [0] * count
    over = [entry for entry in range(count) if cuts[entry] > room]
    under = [entry for entry in range(count) if cuts[entry] < room]
    while over:
        more, less = over.pop(), under.pop()
        cuts[more] -= room - cuts[less]
        rights[less], offsets[less] = more, cuts[more]
        if cuts[more] < room:
            under.append(more)
        elif cuts[more] > room:
            over.append(more)
    weights = weights + [0] * (count - len(weights))
    starts = [0 if cut == room else cut for cut in cuts]
    return [(starts[entry], rights[entry], offsets[entry] - starts[entry], weights) for entry in range(count)]
