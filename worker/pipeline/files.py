"""Reading a file that a message names: once, whole, and only while it is what the message describes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import FileChanging, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference
from worker.pipeline.storage import OpenFile, ReadableStorage

READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's bytes, and their SHA-256 in hex."""

    data: bytes
    digest: str


def read_file(
    storage: ReadableStorage, reference: Reference, max_bytes: int, refuse: Callable[[bytes], None] | None = None
) -> Contents:
    """Read and digest the file of `reference`; one pass over its bytes.

    refuse: is given the first bytes of a file of more than READ_BYTES, and may raise UnreadableImage: the rest is not
    read then.
    Raises what `ReadableStorage.open` raises, UnreadableImage (with the reason) or FileChanging (the file is no longer,
    or does not stay, what the reference describes).
    """
    with storage.open(reference.path) as file:
        before = file.state()
        if not before.regular:
            raise UnreadableImage(FailureKind.NOT_READABLE, "not a regular file")
        if (before.size, before.mtime_ns) != (reference.size, reference.mtime_ns):
            raise FileChanging(f"{reference.path} changed since it was sent")
        if before.size > max_bytes:
            raise UnreadableImage(
                FailureKind.TOO_LARGE, f"too large: {before.size} bytes; IMAGESIEVE_MAX_BYTES allows {max_bytes}"
            )
        contents = _read(file, before.size, refuse)
        after = file.state()
    if before != after or len(contents.data) != after.size:
        raise FileChanging(f"{reference.path} changed while it was read")
    return contents


def _read(file: OpenFile, size: int, refuse: Callable[[bytes], None] | None) -> Contents:
    """Never reads past `size`: a file that grows for ever ends here too."""
    digest = hashlib.sha256()
    chunks: list[bytes] = []
    left = size
    try:
        while left > 0 and (chunk := file.read(min(READ_BYTES, left))):
            if refuse and left == size > READ_BYTES:
                refuse(chunk)
            digest.update(chunk)
            chunks.append(chunk)
            left -= len(chunk)
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"reading failed: {error.strerror}") from error
    return Contents(b"".join(chunks), digest.hexdigest())
