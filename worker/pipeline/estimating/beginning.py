"""What a file is and how large its picture, by its first bytes, judged by the code that reads the whole of it later."""

from dataclasses import dataclass
from typing import Final

from shared.errors import PermanentError, UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.decode import check_pixels
from worker.engine.picture.formats import CAMERA_RAW, recognise
from worker.engine.picture.headers import Header, probe, probe_beginning
from worker.pipeline.extracting.reading import Refused
from worker.pipeline.files import check_bytes
from worker.pipeline.storage import OpenFile, ReadableStorage

FIRST: Final = 1 << 16  # bytes that nearly all headers lie in
MORE: Final = 1 << 20  # that are read where the first do not tell
TOO_MANY_PIXELS: Final = "more pixels than IMAGESIEVE_MAX_PIXELS"
TOO_MANY_BYTES: Final = "more bytes than IMAGESIEVE_MAX_BYTES"
# Formats whose header may lie anywhere in the file.
_ANYWHERE: Final = frozenset({"TIFF", "HEIC", "AVIF", "ICO", "Photoshop", CAMERA_RAW})


@dataclass(frozen=True, slots=True)
class Found:
    """A picture that will be read. pixels: 0 where its first bytes do not say."""

    format: str
    pixels: int


def look_at_beginning(
    storage: ReadableStorage, path: str, size: int, max_bytes: int, max_pixels: int
) -> Found | Refused:
    """The file at this path, of `size` bytes, or why it will be refused. Reads 64 KiB, a mebibyte where these are not
    enough; says nothing of damage behind that.

    Raises Unavailable where the storage is away.
    """
    try:
        with storage.open(path) as file:
            try:
                check_bytes(size, max_bytes)
            except UnreadableImage as error:
                return Refused(error.kind, TOO_MANY_BYTES)
            return _look(file, size, max_pixels)
    except PermanentError as error:
        return Refused.by(error)


def _look(file: OpenFile, size: int, max_pixels: int) -> Found | Refused:
    data = b""
    for most in (FIRST, MORE):
        data += _read(file, min(most, size) - len(data))
        whole = len(data) >= size
        try:
            header = probe(data) if whole else probe_beginning(data)
        except UnreadableImage as error:
            if whole or most == MORE:
                return _not_told(data, error, whole)
            continue
        return _judged(header, max_pixels)
    raise AssertionError("the last beginning is judged")


def _judged(header: Header, max_pixels: int) -> Found | Refused:
    try:
        check_pixels(header, max_pixels)
    except UnreadableImage as error:
        return Refused(error.kind, TOO_MANY_PIXELS)
    return Found(header.format, header.width * header.height)


def _not_told(data: bytes, error: UnreadableImage, whole: bool) -> Found | Refused:
    """What does not reach to its header is taken for a sound picture of unknown size."""
    try:
        name = recognise(data)
    except UnreadableImage:
        if not whole and not data.strip(b"\0"):
            return Refused(error.kind, "not an image: it begins with a mebibyte of zero bytes")
        return Refused.by(error)
    if not whole and error.kind is FailureKind.DAMAGED and name in _ANYWHERE:
        return Found(name, 0)
    return Refused.by(error)


def _read(file: OpenFile, size: int) -> bytes:
    """So many bytes, fewer at the end of the file. Raises UnreadableImage."""
    parts = []
    try:
        while size > 0 and (part := file.read(size)):
            parts.append(part)
            size -= len(part)
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"reading failed: {error.strerror}") from error
    return b"".join(parts)
