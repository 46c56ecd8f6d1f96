"""One picture laid on another as it lies in it, and where the two differ: with the engine's own alignment."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.records import Reference
from worker.engine.matching.alignment import Transform, inverse, resized
from worker.engine.matching.registration import reach, register, warp
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import propose
from worker.engine.picture.channels import Picture
from worker.engine.sketch.keypoints import WORK_SIDE
from worker.engine.sketch.sketch import describe
from worker.web.developing import encode, look
from worker.web.parcel import pack

SIDE: Final = 1600  # pixels of the long side, as of the large previews: a laid picture covers one of them
_ALIKE: Final = 0.03  # ratios of sides may differ by so much, and the one is the other at another size
_RAISED: Final = 4  # times the difference is shown, or nobody would see a JPEG's


def lay(root: Path, one: tuple[Reference, str], other: tuple[Reference, str], max_pixels: int, max_bytes: int) -> bytes:
    """What parcel.unpack takes apart; 0.3 s for two photos. Raises as developing.develop."""
    first, second = (look(root, *each, SIDE, max_pixels, max_bytes) for each in (one, other))
    found = find_transform(first, second)
    if found is None:
        return pack({"found": False}, b"", b"")
    size = (first.shape[1], first.shape[0])
    laid, inside = warp(second, found, size), reach(second, found, size)
    if not inside.any():
        return pack({"found": False}, b"", b"")
    apart = np.abs(first.astype(np.int16) - laid).max(axis=2)
    meta = {
        "found": True,
        "overlap": round(float(inside.mean()), 4),
        "mean": round(float(apart[inside].mean()), 2),
        "most": int(apart[inside].max()),
    }
    return pack(meta, _with_holes(laid, inside), encode(_shown(first, apart, inside)))


def find_transform(first: Picture, second: Picture) -> Transform | None:
    """Float64 `[3, 3]` from pixels of the second to pixels of the first; None where the one is not seen in the other.

    RGB uint8 of any sizes. Where keypoints say nothing, two pictures of one shape lie on each other as they are.
    """
    sketches = describe(first), describe(second)
    proposal = propose(*sketches, Thresholds())
    if proposal is not None:
        factors = [max(picture.shape[:2]) / WORK_SIDE for picture in (first, second)]
        start = inverse(resized(proposal.transform, *factors))
    else:
        ratios = [picture.shape[1] / picture.shape[0] for picture in (first, second)]
        if abs(ratios[0] / ratios[1] - 1) > _ALIKE:
            return None
        scale = first.shape[1] / second.shape[1], first.shape[0] / second.shape[0]
        start = np.array([[scale[0], 0, (scale[0] - 1) / 2], [0, scale[1], (scale[1] - 1) / 2], [0, 0, 1]])
    try:
        return register(second, first, start)
    except cv2.error:  # a picture too small for corners
        return start


def _with_holes(picture: Picture, inside: NDArray[np.bool_]) -> bytes:
    """As WebP that is transparent where the picture does not reach."""
    shown = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    shown[..., 3] = inside * np.uint8(255)
    return bytes(cv2.imencode(".webp", shown, [cv2.IMWRITE_WEBP_QUALITY, 82])[1].tobytes())


def _shown(first: Picture, apart: NDArray[np.int16], inside: NDArray[np.bool_]) -> Picture:
    """Differences, raised, in yellow on the darkened picture; blue where there is no other to compare with."""
    dark = cv2.cvtColor(first, cv2.COLOR_RGB2GRAY).astype(np.float32) * 0.3
    shown = np.repeat(dark[..., None], 3, axis=2)
    heat = np.clip(apart.astype(np.float32) * _RAISED, 0, 255) / 255
    shown += heat[..., None] * (np.array([255, 214, 40], np.float32) - shown)
    shown[~inside] = dark[~inside, None] * 0.6 + np.array([18, 34, 84], np.float32)
    return np.asarray(np.clip(shown, 0, 255), np.uint8)
