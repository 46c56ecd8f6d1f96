"""The colour profile in a JPEG XL codestream, which is coded as differences from what profiles usually hold: ISO/IEC
18181-1, annex E.
"""

from typing import Final

from worker.engine.picture.jxl_bits import Bits, unsupported
from worker.engine.picture.jxl_entropy import Numbers

_CONTEXTS: Final = 41
_HEAD: Final = 128  # bytes of the header of a profile
_MOST: Final = 100_000  # bytes of a profile; each takes 4 microseconds
_TAGS: Final = (
    b"cprt", b"wtpt", b"bkpt", b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"chad", b"desc",
    b"chrm", b"dmnd", b"dmdd", b"lumi",
)  # fmt: skip
_TYPES: Final = (b"XYZ ", b"desc", b"text", b"mluc", b"para", b"curv", b"sf32", b"gbd ")
_TWENTY: Final = (b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"wtpt", b"bkpt", b"lumi")  # tags of so many bytes
_CURVES, _COLOURS, _FIRST_TAG = 2, 3, 4
_COPY, _PAIRS, _FOURS, _PREDICT, _XYZ, _FIRST_TYPE = 1, 2, 3, 4, 10, 16


def read_icc(bits: Bits) -> bytes:
    """The profile that stands next. Raises ValueError where its coding makes no sense, UnreadableImage for one that is
    longer than any camera's or screen's.
    """
    size = bits.large()
    if size > _MOST:
        raise unsupported(f"with a colour profile of {size:,} bytes")
    numbers, coded = Numbers(bits, _CONTEXTS), bytearray(2)
    for place in range(size):
        context = 0 if place <= _HEAD else 1 + _kind(coded[-1]) + 8 * _kind_before(coded[-2])
        coded.append(numbers.read(context) & 255)
    numbers.finish()
    return _Profile(bytes(coded[2:])).made()


def _kind(byte: int) -> int:
    if chr(byte).isascii() and chr(byte).isalpha():
        return 0
    if byte in b"0123456789.,":
        return 1
    return byte + 2 if byte < 2 else 4 if byte < 16 else 6 if byte == 255 else 5 if byte > 240 else 7


def _kind_before(byte: int) -> int:
    kind = _kind(byte)
    return kind if kind < 2 else 2 if byte < 16 else 3 if byte > 240 else 4


class _Profile:
    """A profile that is being made of commands and the bytes that they take."""

    def __init__(self, coded: bytes) -> None:
        self._coded, self._command, self._out = coded, 0, bytearray()
        self._size = self._number(len(coded))
        commands = self._number(len(coded))
        if self._size > _MOST or self._command + commands > len(coded):
            raise ValueError("a colour profile that contradicts itself")
        self._data = self._end = self._command + commands

    def made(self) -> bytes:
        """All of it."""
        self._make_head()
        if len(self._out) < self._size:
            self._make_tags()
            while self._command < self._end:
                self._obey(self._next())
                self._check()
        if len(self._out) != self._size or self._data != len(self._coded) or self._command != self._end:
            raise ValueError("a colour profile of another size than it says")
        return bytes(self._out)

    def _check(self) -> None:
        if len(self._out) > self._size:
            raise ValueError("a colour profile of another size than it says")

    def _number(self, end: int) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self._command >= end:
                break
            byte = self._coded[self._command]
            self._command += 1
            value |= (byte & 127) << shift
            if byte < 128:
                break
        return value

    def _next(self) -> int:
        if self._command >= self._end:
            raise ValueError("a colour profile that breaks off")
        self._command += 1
        return self._coded[self._command - 1]

    def _take(self, count: int) -> bytes:
        if self._data + count > len(self._coded):
            raise ValueError("a colour profile that breaks off")
        self._data += count
        return self._coded[self._data - count : self._data]

    def _make_head(self) -> None:
        usual = bytearray(_HEAD)
        usual[0:4] = (self._size & 0xFFFFFFFF).to_bytes(4, "big")
        usual[8], usual[12:24], usual[36:40] = 4, b"mntrRGB XYZ ", b"acsp"
        usual[70:72], usual[73], usual[78:80] = b"\xf6\xd6", 1, b"\xd3\x2d"
        for place, given in enumerate(self._take(min(_HEAD, self._size))):
            if place == 8:
                usual[80:84] = self._out[4:8]
            elif place in (41, 42):
                known = {b"A": b"APPL", b"M": b"MSFT", b"SG": b"SGI ", b"SU": b"SUNW"}.get(bytes(self._out[40:place]))
                usual[place:44] = known[place - 40 :] if known else usual[place:44]
            self._out.append(given + usual[place] & 255)

    def _word(self, number: int) -> None:
        if number >> 32:
            raise ValueError("a colour profile that contradicts itself")
        self._out += number.to_bytes(4, "big")

    def _make_tags(self) -> None:
        if self._command >= self._end:
            raise ValueError("a colour profile that breaks off")
        count = self._number(self._end)
        if not count:
            return
        self._word(count - 1)
        start, size = _HEAD + 12 * (count - 1), 0
        while self._command < self._end:
            command = self._next()
            code = command & 63
            if not code:
                return
            if code == 1:
                tag = self._take(4)
            elif code in (_CURVES, _COLOURS):
                tag = b"rTRC" if code == _CURVES else b"rXYZ"
            elif code - _FIRST_TAG < len(_TAGS):
                tag = _TAGS[code - _FIRST_TAG]
            else:
                raise ValueError("a colour profile with a tag that is none")
            start = self._number(self._end) if command & 64 else start + size
            size = self._number(self._end) if command & 128 else 20 if tag in _TWENTY else size
            self._tag(tag, start, size)
            if code == _CURVES:
                self._tag(b"gTRC", start, size)
                self._tag(b"bTRC", start, size)
            elif code == _COLOURS:
                self._tag(b"gXYZ", start + size, size)
                self._tag(b"bXYZ", start + 2 * size, size)
            self._check()

    def _tag(self, name: bytes, start: int, size: int) -> None:
        self._out += name
        self._word(start)
        self._word(size)

    def _obey(self, command: int) -> None:
        if command == _COPY:
            self._out += self._take(self._number(self._end))
        elif command in (_PAIRS, _FOURS):
            self._out += _woven(self._take(self._number(self._end)), 2 if command == _PAIRS else 4)
        elif command == _PREDICT:
            self._predict()
        elif command == _XYZ:
            self._out += b"XYZ \0\0\0\0" + self._take(12)
        elif 0 <= command - _FIRST_TYPE < len(_TYPES):
            self._out += _TYPES[command - _FIRST_TYPE] + bytes(4)
        else:
            raise ValueError("a colour profile with a command that is none")

    def _predict(self) -> None:
        """Numbers, each given as its distance from what those before it promise."""
        flags = self._next()
        width, order = (flags & 3) + 1, flags >> 2 & 3
        stride = self._number(self._end) if flags & 16 else width
        if width == 3 or order == 3 or stride < width or 4 * stride >= len(self._out):
            raise ValueError("a colour profile that makes no sense")
        given = self._take(self._number(self._end))
        out, start = self._out, len(self._out)
        for place, byte in enumerate(_woven(given, width) if width > 1 else given):
            at = start + place - place % width

            def before(steps: int, at: int = at) -> int:
                return int.from_bytes(out[at - steps * stride : at - steps * stride + width], "big")

            promised = (
                before(1), 2 * before(1) - before(2), 3 * before(1) - 3 * before(2) + before(3),
            )[order]  # fmt: skip
            out.append((promised >> 8 * (width - 1 - place % width)) + byte & 255)


def _woven(data: bytes, width: int) -> bytes:
    """Bytes that lie in `width` rows, column by column; the last column may lack some."""
    rows = -(-len(data) // width)
    return bytes(data[at] for first in range(rows) for at in range(first, len(data), rows))
