"""Named arrays in one file, whole or not at all, mapped when they are read: processes of a machine share the memory.

The head says which arrays there are, and the checksum of each. A file that was cut off or damaged does not pass.
"""

import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue
from shared.records.sealed import seal, unseal

Arrays = Mapping[str, NDArray[Any]]

_MAGIC: Final = b"imagesieve arrays 1\n"
_LENGTH_BYTES: Final = 8
_ALIGNMENT: Final = 64
_UNFINISHED: Final = ".unfinished"


def write_arrays(file: Path, head: Mapping[str, Any], arrays: Arrays) -> None:
    """Put a file in the place of any before, also in a power cut. Raises OSError.

    A second per GiB for checksums, and what the disk takes.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    table, offset = [], 0
    for name, array in rows.items():
        table.append([name, array.dtype.str, array.shape, offset, zlib.crc32(_bytes_of(array))])
        offset += _aligned(array.nbytes)
    words = seal({**head, "arrays": table})
    unfinished = file.with_name(file.name + _UNFINISHED)
    with unfinished.open("wb") as out:
        out.write(_MAGIC + len(words).to_bytes(_LENGTH_BYTES, "little") + words)
        out.write(bytes(_start(len(words)) - out.tell()))
        for array in rows.values():
            out.write(_bytes_of(array))
            out.write(bytes(_aligned(array.nbytes) - array.nbytes))
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_arrays(file: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The head, and the arrays as views of the mapped file, read-only. Raises OSError; CorruptValue for damage."""
    with file.open("rb") as opened:
        try:
            data = np.frombuffer(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except ValueError as error:
            raise CorruptValue("it is empty") from error
    first = len(_MAGIC) + _LENGTH_BYTES
    if data[: len(_MAGIC)].tobytes() != _MAGIC:
        raise CorruptValue("it is of another kind or version")
    length = int.from_bytes(data[len(_MAGIC) : first].tobytes(), "little")
    try:
        head = unseal(data[first : first + length].tobytes())
        table = head.pop("arrays")
        arrays = {name: _view(data[_start(length) :], *described) for name, *described in table}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptValue(f"it is damaged ({error})") from error
    return head, arrays


def _view(data: NDArray[np.uint8], dtype: str, shape: list[int], offset: int, checksum: int) -> NDArray[Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    part = data[offset : offset + size]
    if zlib.crc32(part.data) != checksum:
        raise ValueError("the checksum of a part does not match")
    return part.view(dtype).reshape(shape)


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _start(length: int) -> int:
    """Where the arrays start, after a head of so many bytes."""
    return _aligned(len(_MAGIC) + _LENGTH_BYTES + length)
