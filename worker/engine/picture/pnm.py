"""Netpbm's formats: PBM, PGM and PPM, raw (P4 to P6) and as text (P1 to P3), and PAM (P7).

OpenCV takes the values as they are, whatever the greatest is, and exchanges red and blue of a PAM; Pillow cuts 16 bits
of a colour down to 8.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT

_CHANNELS: Final = {"1": 1, "2": 1, "3": 3, "4": 1, "5": 1, "6": 3}
_KINDS: Final = {b"": 0, b"BLACKANDWHITE": 1, b"GRAYSCALE": 1, b"RGB": 3, b"BLACKANDWHITE_ALPHA": 2,
                 b"GRAYSCALE_ALPHA": 2, b"RGB_ALPHA": 4}  # fmt: skip
_SPACE_OR_COMMENT: Final = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*")
_DIGITS: Final = re.compile(rb"[0-9]{1,10}")
_LINE: Final = re.compile(rb"([^\n]*)\n")
_TEXT: Final = re.compile(rb"[0-9\s]*")
_MOST_LINES: Final = 1000  # of a header
_MOST_CHANNELS: Final = 65_536


@dataclass(frozen=True, slots=True)
class PnmHeader:
    """kind: `1` to `7`. most: the value that is white. start: where the pixels begin."""

    kind: str
    width: int
    height: int
    channels: int
    most: int
    start: int
    comments: tuple[bytes, ...] = ()


def read_pnm_header(data: bytes) -> PnmHeader:
    """Raises ValueError where it does not parse, UnreadableImage for a kind that is not known."""
    return _pam(data) if data[1:2] == b"7" else _classic(data)


def _classic(data: bytes) -> PnmHeader:
    kind, at = data[1:2].decode("latin-1"), 2
    numbers: list[int] = []
    comments: list[bytes] = []
    while len(numbers) < (2 if kind in "14" else 3):
        between = _SPACE_OR_COMMENT.match(data, at)
        end = between.end() if between else at
        comments += [line for line in data[at:end].splitlines() if line.lstrip().startswith(b"#")]
        found = _DIGITS.match(data, end)
        if not found:
            raise ValueError("no size in it")
        numbers.append(int(found[0]))
        at = found.end()
    width, height, most = (*numbers, 1)[:3]
    return _checked(PnmHeader(kind, width, height, _CHANNELS[kind], most, at + 1, tuple(comments)))


def _pam(data: bytes) -> PnmHeader:
    at, said, comments = 3, dict[bytes, bytes](), list[bytes]()
    for _ in range(_MOST_LINES):
        found = _LINE.match(data, at)
        if not found:
            break
        at = found.end()
        line = found[1].strip()
        if line.startswith(b"#"):
            comments.append(line)
        elif line == b"ENDHDR":
            kind = said.get(b"TUPLTYPE", b"")
            width, height, channels, most = (int(said[word]) for word in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
            if kind not in _KINDS:
                raise UnreadableImage(
                    FailureKind.UNSUPPORTED, f"PAM picture of kind {kind[:40].decode('latin-1')!a}: {CONVERT}"
                )
            if _KINDS[kind] not in (0, channels):
                raise ValueError(f"a PAM of kind {kind[:40]!a} with {channels} channels")
            return _checked(PnmHeader("7", width, height, channels, most, at, tuple(comments)))
        else:
            word, _, value = line.partition(b" ")
            said[word] = value.strip()
    raise ValueError("its header has no end")


def _checked(header: PnmHeader) -> PnmHeader:
    if not 0 < header.most < 65_536 or not 0 < header.channels < _MOST_CHANNELS:
        raise ValueError(f"values from 0 to {header.most}, {header.channels} channels")
    return header


def decode_pnm(data: bytes) -> NDArray[Any]:
    """The first picture, grey `[h, w]` or with channels last, in the order RGB, alpha: uint8, or uint16 where its
    greatest value is above 255; spread over the whole range of the type. Raises ValueError where pixels are missing.
    """
    header = read_pnm_header(data)
    shape = (header.height, header.width, header.channels)
    values = _text_values(data, header) if header.kind in "123" else _raw_values(data, header)
    values = values.reshape(shape[:2] if header.channels == 1 else shape)
    if header.kind in "14":  # of ink
        return np.where(values == 0, np.uint8(255), np.uint8(0))
    full = 255 if header.most < 256 else 65_535
    if header.most == full:
        return values
    scale: NDArray[Any] = np.rint(np.arange(header.most + 1) * (full / header.most)).astype(values.dtype)
    spread: NDArray[Any] = scale[np.minimum(values, header.most)]
    return spread


def _raw_values(data: bytes, header: PnmHeader) -> NDArray[Any]:
    count = header.width * header.channels
    if header.kind == "4":
        row = -(-count // 8)
        packed = _taken(data, header.start, row * header.height).reshape(header.height, row)
        return np.unpackbits(packed, axis=1)[:, :count]
    if header.most < 256:
        return _taken(data, header.start, count * header.height)
    return _taken(data, header.start, 2 * count * header.height).view(">u2").astype(np.uint16)


def _taken(data: bytes, start: int, size: int) -> NDArray[np.uint8]:
    if start + size > len(data):
        raise ValueError(f"{start + size - len(data):,} bytes are missing")
    return np.frombuffer(data, np.uint8, size, start)


def _text_values(data: bytes, header: PnmHeader) -> NDArray[Any]:
    count = header.width * header.height * header.channels
    text = re.sub(rb"#[^\n\r]*", b"", data[header.start :])
    found = _TEXT.match(text)
    text = found[0] if found else b""
    if len(text) < count:
        raise ValueError("values are missing")
    if header.kind == "1":  # a digit for each, with or without space between
        digits = np.frombuffer(text, np.uint8)
        values: NDArray[Any] = digits[(digits >= ord("0")) & (digits <= ord("9"))][:count] - ord("0")
    else:
        values = np.fromstring(text.decode("ascii"), np.int64, sep=" ")[:count]
    if len(values) < count:
        raise ValueError(f"{count - len(values):,} values are missing")
    found_values: NDArray[Any] = np.clip(values, 0, header.most)
    return found_values.astype(np.uint8 if header.most < 256 else np.uint16)
