"""Codes of which none begins another, as in Brotli (RFC 7932): ISO/IEC 18181-1, annex C."""

from typing import Final

from worker.engine.picture.jxl_bits import Bits

PREFIX_BITS: Final = 15  # of the longest code
_LENGTH_ORDER: Final = (1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_LENGTH_CODES: Final = {(2, 0): 0, (2, 1): 4, (2, 2): 3, (3, 3): 2, (4, 7): 1, (4, 15): 5}
_AGAIN: Final = 16  # the last length once more; the next one is zeros

Code = dict[tuple[int, int], int]  # length and bits, the first one highest, of the code of a symbol


def read_symbol(bits: Bits, code: Code) -> int:
    """The symbol that the next bits mean. Raises ValueError where they mean none."""
    length = value = 0
    while (length, value) not in code:
        if length >= PREFIX_BITS:
            raise ValueError("a code that means nothing")
        length, value = length + 1, value << 1 | bits.read(1)
    return code[length, value]


def read_fixed(bits: Bits, codes: dict[tuple[int, int], int]) -> int:
    """What a fixed code means, its first bit the lowest."""
    length = value = 0
    while (length, value) not in codes or not length:
        value |= bits.read(1) << length
        length += 1
    return codes[length, value]


def _code(lengths: list[tuple[int, int]]) -> Code:
    """Codes for lengths and symbols, in this order: each is the one before plus one."""
    if len(lengths) == 1:
        return {(0, 0): lengths[0][1]}
    code, value, last = {}, 0, 0
    for length, symbol in lengths:
        value <<= length - last
        code[length, value] = symbol
        value, last = value + 1, length
    return code


def read_code(bits: Bits, size: int) -> Code:
    """A prefix code for symbols below `size`, as in Brotli."""
    if size == 1:
        return {(0, 0): 0}
    if size > 1 << PREFIX_BITS:
        raise ValueError("more symbols than there may be")
    skipped = bits.read(2)
    if skipped == 1:
        return _read_simple_code(bits, size)
    lengths, space = {}, 32
    for symbol in _LENGTH_ORDER[skipped:]:
        if length := read_fixed(bits, _LENGTH_CODES):
            lengths[symbol] = length
            space -= 32 >> length
        if space <= 0:
            break
    if space and len(lengths) != 1:
        raise ValueError("a code that is not whole")
    inner = _code(sorted((length, symbol) for symbol, length in lengths.items()))
    return _code(sorted(_read_lengths(bits, inner, size)))


def _read_simple_code(bits: Bits, size: int) -> Code:
    count = bits.read(2) + 1
    symbols = [bits.read((size - 1).bit_length()) for _ in range(count)]
    if max(symbols) >= size or len(set(symbols)) != count:
        raise ValueError("a code that makes no sense")
    shape = ((0,), (1, 1), (1, 2, 2), (2, 2, 2, 2), (1, 2, 3, 3))[count - 1 + (count == 4 and bits.flag())]
    first = {3: 1, 4: 0 if shape[0] == 2 else 2}.get(count, 0)
    return _code(list(zip(shape, symbols[:first] + sorted(symbols[first:]), strict=True)))


def _read_lengths(bits: Bits, inner: Code, size: int) -> list[tuple[int, int]]:
    """Lengths of codes and their symbols, without those of no length."""
    found: list[tuple[int, int]] = []
    symbol, space, last, run, run_of = 0, 1 << PREFIX_BITS, 8, 0, 0
    while symbol < size and space > 0:
        length = read_symbol(bits, inner)
        if length < _AGAIN:
            run, times = 0, 1
            last = length or last
        else:
            extra, length = length - 14, last if length == _AGAIN else 0
            before = run if length == run_of else 0
            run_of = length
            run = ((before - 2) << extra if before else 0) + bits.read(extra) + 3
            times = run - before
        if symbol + times > size:
            raise ValueError("a code that makes no sense")
        if length:
            found += [(length, one) for one in range(symbol, symbol + times)]
            space -= times << PREFIX_BITS - length
        symbol += times
    if space:
        raise ValueError("a code that is not whole")
    return found
