"""Perceptual hashes that others use, on the same files: imagehash and pdqhash, needed by this benchmark only."""

from collections.abc import Callable
from typing import Any, Final

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

HASHES: Final = {"pHash 10": 10, "dHash 10": 10, "PDQ 31": 31, "gradient16 5": 5}


def hash_all(count: int, read: Callable[[int], Any]) -> dict[str, NDArray[np.uint8]]:
    """Bits of every hash: uint8 `[n, b]` of 0 and 1, by name. read: the RGB picture of a number."""
    rows: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in HASHES}
    for number in range(count):
        picture = read(number)
        image = Image.fromarray(picture)
        rows["pHash 10"].append(imagehash.phash(image).hash.ravel())
        rows["dHash 10"].append(imagehash.dhash(image).hash.ravel())
        rows["gradient16 5"].append(imagehash.dhash(image, hash_size=16).hash.ravel())
        rows["PDQ 31"].append(pdqhash.compute(picture)[0])
    return {name: np.array(values, np.uint8) for name, values in rows.items()}


def pairs_within(bits: NDArray[np.uint8], limit: int) -> set[tuple[int, int]]:
    """Pairs (i < j) whose hashes differ in at most `limit` bits."""
    signs = bits.astype(np.float32) * 2 - 1
    pairs: set[tuple[int, int]] = set()
    for start in range(0, len(signs), 1024):
        distance = (signs.shape[1] - signs[start : start + 1024] @ signs.T) / 2
        rows, columns = np.nonzero(distance <= limit)
        pairs.update(
            (int(row) + start, int(column)) for row, column in zip(rows, columns, strict=True) if row + start < column
        )
    return pairs
