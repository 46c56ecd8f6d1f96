"""Knowledge as arrays, as small as words are, and back: 2 s each way for a million images."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.pipeline.judging.knowledge import Knowledge

_END: Final = b"\0"  # that no path, digest or digest of pixels holds
_NONE: Final = -1


def pack(known: Knowledge) -> dict[str, NDArray[Any]]:
    """What `unpack` takes."""
    digests = list(known.keeper)
    number = {digest: place for place, digest in enumerate(digests)}
    twins = [number[digest] for held in known.of_pixels.values() for digest in held if digest in number]
    return {
        "digests": _words(map(os.fsencode, digests)),
        "paths": _words(os.fsencode(path) for digest in digests for path in known.paths[digest]),
        "files": np.array([len(known.paths[digest]) for digest in digests], np.uint32),
        "keeper": np.array([number[keeper] for keeper in known.keeper.values()], np.int32),
        "variant_of": np.array([number.get(known.variant_of.get(one, ""), _NONE) for one in digests], np.int32),
        "pixels": _words(map(os.fsencode, known.of_pixels)),
        "twins": np.array(twins, np.int32),
        "sharing": np.array([sum(one in number for one in held) for held in known.of_pixels.values()], np.uint32),
        "orphans": _words(map(os.fsencode, known.orphans)),
        "orphans_of": _words(map(os.fsencode, known.orphans.values())),
    }


def unpack(arrays: Mapping[str, NDArray[Any]]) -> Knowledge:
    """The same knowledge."""
    known = Knowledge()
    digests, paths = _parse(arrays["digests"]), iter(_parse(arrays["paths"]))
    for digest, count in zip(digests, arrays["files"].tolist(), strict=True):
        known.paths[digest] = held = tuple(next(paths) for _ in range(count))
        known.digest.update((path, digest) for path in held)
    for digest, place in zip(digests, arrays["keeper"].tolist(), strict=True):
        known.join(digest, digests[place])
    for place in np.flatnonzero(arrays["variant_of"] != _NONE).tolist():
        known.vary(digests[place], digests[arrays["variant_of"][place]])
    twins = iter(arrays["twins"].tolist())
    for pixels, count in zip(_parse(arrays["pixels"]), arrays["sharing"].tolist(), strict=True):
        known.of_pixels[pixels] = tuple(digests[next(twins)] for _ in range(count))
    known.orphans = dict(zip(_parse(arrays["orphans"]), _parse(arrays["orphans_of"]), strict=True))
    return known


def _words(words: Iterable[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(word + _END for word in words), np.uint8)


def _parse(array: NDArray[np.uint8]) -> list[str]:
    return [os.fsdecode(word) for word in array.tobytes().split(_END)[:-1]]
