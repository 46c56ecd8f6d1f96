"""In how many bits descriptors differ."""

import faiss
import numpy as np
from numpy.typing import NDArray

from worker.engine.sketch.keypoints import DESCRIPTOR_BYTES, Bytes


def hamming(first: Bytes, second: Bytes) -> NDArray[np.int32]:
    """Bits that differ between every descriptor of `first` `[n, b]` and of `second` `[m, b]`: int32 `[n, m]`.

    0.3 ms for a million pairs, by faiss; NumPy takes 3.
    """
    one, other = np.ascontiguousarray(first), np.ascontiguousarray(second)
    found = np.empty((len(one), len(other)), np.int32)
    if found.size:
        sizes = len(one), len(other), DESCRIPTOR_BYTES
        pointers = faiss.swig_ptr(one), faiss.swig_ptr(other)
        faiss.hammings(*pointers, *sizes, faiss.swig_ptr(found))  # type: ignore[attr-defined]
    return found
