"""Reading a file that a message names: once, whole, and only while it is what the message describes."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.errors import FileChanging, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference
from shared.wording import size_of
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
    chunks: list[bytes] = []
    digest = hashlib.sha256()
    with _opened(storage, reference) as file:
        check_bytes(reference.size, max_bytes)
        for chunk in _chunks(file, reference):
            if refuse and not chunks and len(chunk) < reference.size:
                refuse(chunk)
            digest.update(chunk)
            chunks.append(chunk)
    return Contents(b"".join(chunks), digest.hexdigest())


def check_bytes(size: int, max_bytes: int) -> None:
    """Raise UnreadableImage for a file of more than `max_bytes`."""
    if size > max_bytes:
        raise UnreadableImage(
            FailureKind.TOO_LARGE, f"too large: {size_of(size)}; IMAGESIEVE_MAX_BYTES allows {size_of(max_bytes)}"
        )


def digest_file(storage: ReadableStorage, reference: Reference) -> str:
    """SHA-256 in hex of the file of `reference`, of any size; one pass over its bytes, which are not kept.

    Raises what `read_file` raises, and UnreadableImage for an empty file: one is not a copy of another.
    """
    digest = hashlib.sha256()
    with _opened(storage, reference) as file:
        if not reference.size:
            raise UnreadableImage(FailureKind.EMPTY, "empty file (0 bytes)")
        for chunk in _chunks(file, reference):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(storage: ReadableStorage, reference: Reference) -> Iterator[OpenFile]:
    """The file, open; it is what the reference describes before it is read, and after."""
    with storage.open(reference.path) as file:
        before = file.state()
        if not before.regular:
            raise UnreadableImage(FailureKind.NOT_READABLE, "not a regular file")
        if (before.size, before.mtime_ns) != (reference.size, reference.mtime_ns):
            raise FileChanging(f"{reference.path} changed since it was sent")
        yield file
        if file.state() != before:
            raise FileChanging(f"{reference.path} changed while it was read")


def _chunks(file: OpenFile, reference: Reference) -> Iterator[bytes]:
    """All its bytes. Never reads past its size: a file that grows for ever ends here too."""
    left = reference.size
    try:
        while left > 0 and (chunk := file.read(min(READ_BYTES, left))):
            left -= len(chunk)
            yield chunk
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"reading failed: {error.strerror}") from error
    if left:
        raise FileChanging(f"{reference.path} changed while it was read")
