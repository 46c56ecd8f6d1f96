"""Keypoints of a picture and binary descriptors that can be mirrored without looking at the picture again.

Corners come from OpenCV's ORB detector (Rublee et al. 2011: FAST corners of an image pyramid, turned by their
intensity centroid), thinned to the ones strongest in their surroundings (Brown, Szeliski, Winder 2005). A descriptor
is a row of brightness comparisons between two points near the keypoint (BRIEF, Calonder et al. 2010), in a frame
turned by the keypoint's angle. ORB's own comparisons would need a second description of the mirrored picture; here
the second half of the comparisons is the first one reflected about the keypoint's axis, so mirroring a picture only
swaps the halves of its descriptors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

WORK_SIDE: Final = 384  # pixels; long side of the grey picture in which keypoints are found
KEYPOINTS: Final = 104  # of the whole, and as many weaker ones; benchmarks.keypoints tries other numbers
DESCRIPTOR_BYTES: Final = 16
SCALE_STEP: Final = 1.2  # between pyramid levels
LEVELS: Final = 8  # of the pyramid, from the finest on

_CANDIDATES: Final = 400
_FAST_THRESHOLDS: Final = 16, 8  # levels of grey; the low one, so that soft pictures have keypoints too
_MARGIN: Final = 16  # pixels at the border without keypoints
_REACH: Final = 15  # pixels; no comparison looks further from its keypoint (per axis, at its level)
_SHORTEST: Final = 7  # pixels between the two points of a comparison: nearer ones answer to noise
_PAD: Final = 24  # > sqrt(2) * _REACH: a turned comparison may look past the border
_ROBUSTNESS: Final = 0.9  # a neighbour must be stronger by this factor to suppress a keypoint

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Keypoints of one picture, strongest in their surroundings first.

    points: float32 `[n, 2]`, x and y in the work frame (long side WORK_SIDE). angles: uint8 `[n]`, 256 to the turn.
    levels: uint8 `[n]`, pyramid level, a step of SCALE_STEP each. descriptors: uint8 `[n, DESCRIPTOR_BYTES]`.
    """

    points: Floats
    angles: Bytes
    levels: Bytes
    descriptors: Bytes

    def __len__(self) -> int:
        return len(self.points)

    def placed(self, left: float, top: float, scale: tuple[float, float]) -> "Keypoints":
        """The keypoints of a part of a picture in the frame of the whole.

        left, top: where the part begins there. scale: sides of a pixel of the part's frame there.
        """
        points = (self.points + 0.5) * np.array(scale, np.float32) + np.array([left, top], np.float32) - 0.5
        return Keypoints(points.astype(np.float32), self.angles, self.levels, self.descriptors)

    @classmethod
    def joined(cls, parts: Sequence["Keypoints"]) -> "Keypoints":
        """All of these, in this order."""
        names = ("points", "angles", "levels", "descriptors")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def first(self, count: int, start: int = 0) -> "Keypoints":
        """Those from `start` on, `count` at most."""
        chosen = slice(start, start + count)
        return Keypoints(self.points[chosen], self.angles[chosen], self.levels[chosen], self.descriptors[chosen])

    def mirrored(self, width: float) -> "Keypoints":
        """The keypoints of the picture with left and right exchanged. width: of the work frame, in pixels."""
        half = DESCRIPTOR_BYTES // 2
        return Keypoints(
            np.stack([width - 1 - self.points[:, 0], self.points[:, 1]], axis=1),
            (128 - self.angles.astype(np.int16)).astype(np.uint8),
            self.levels,
            np.concatenate([self.descriptors[:, half:], self.descriptors[:, :half]], axis=1),
        )


def _comparisons() -> Floats:
    """float32 `[8 * DESCRIPTOR_BYTES, 2, 2]`: the two points (x, y) of each comparison.

    Normally distributed about the keypoint as in BRIEF's second layout, seeded. In the keypoint's frame a mirrored
    picture has y negated.
    """
    random = np.random.default_rng(3)
    pairs = np.clip(random.normal(0, _REACH / 2.5, (32 * DESCRIPTOR_BYTES, 2, 2)), -_REACH, _REACH)
    lengths = np.linalg.norm(pairs[:, 0] - pairs[:, 1], axis=1)
    first = pairs[lengths > _SHORTEST][: 4 * DESCRIPTOR_BYTES]
    return np.concatenate([first, first * np.array([1, -1])]).astype(np.float32)


POINT_PAIRS: Final = _comparisons()


def work_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the work frame of a picture with that many pixels."""
    scale = WORK_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def find_keypoints(grey: NDArray[Any], count: int = KEYPOINTS, levels: int = LEVELS) -> Keypoints:
    """At most `count` keypoints of a grey uint8 picture `[h, w]` in work size; none in a picture without corners.

    levels: of the pyramid that are searched.
    """
    if min(grey.shape) <= 2 * _MARGIN:  # the detector fails on pictures that are all margin
        grey = np.zeros((2 * _MARGIN + 1,) * 2, np.uint8)
    found = _detect(grey, levels)
    points = np.array([corner.pt for corner in found], np.float32).reshape(-1, 2)
    kept = _spread(points, np.array([corner.response for corner in found], np.float32), count)
    points = points[kept]
    angles = np.array([found[index].angle for index in kept], np.float32)
    octaves = np.array([found[index].octave for index in kept], np.uint8)
    turns = np.rint(angles * (256 / 360)).astype(np.int64).astype(np.uint8)
    return Keypoints(points, turns, octaves, _describe(grey, points, np.deg2rad(angles), octaves))


def _detect(grey: NDArray[Any], levels: int) -> Sequence[cv2.KeyPoint]:
    """The _CANDIDATES strongest corners, or all there are.

    Of a picture with many corners none of the faint ones is kept, and to find them takes as long as all the rest: they
    are only looked for where the others are too few.
    """
    found: Sequence[cv2.KeyPoint] = ()
    for threshold in _FAST_THRESHOLDS:
        detector = cv2.ORB.create(
            nfeatures=_CANDIDATES,
            scaleFactor=SCALE_STEP,
            nlevels=levels,
            edgeThreshold=_MARGIN,
            fastThreshold=threshold,
        )
        found = detector.detect(grey, None)
        if len(found) >= _CANDIDATES:
            break
    return found


def _spread(points: Floats, strengths: Floats, count: int) -> NDArray[np.intp]:
    """Indices of the `count` keypoints that are the strongest within the largest radius, in that order."""
    lengths = (points**2).sum(axis=1)
    squared = points @ (-2 * points.T)
    squared += lengths[:, None]
    squared += lengths
    np.putmask(squared, strengths * np.float32(_ROBUSTNESS) <= strengths[:, None], np.inf)
    radius = np.rint(squared.min(axis=1, initial=np.inf))  # rounded: the last bits of a matrix product vary by machine
    return np.lexsort((points[:, 0], points[:, 1], -strengths, -radius))[:count]


def _describe(grey: NDArray[Any], points: Floats, angles: Floats, levels: Bytes) -> Bytes:
    """Descriptors of keypoints. points: `[n, 2]`. angles: radians `[n]`."""
    layers = _layers(grey, int(levels.max(initial=0)) + 1)
    starts = np.cumsum([0, *(layer.size for layer in layers)])
    widths = np.array([layer.shape[1] for layer in layers], np.int32)[levels]
    x, y = (points / SCALE_STEP ** levels[:, None].astype(np.float64) + _PAD).astype(np.float32).T
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    across, down = POINT_PAIRS[..., 0].ravel(), POINT_PAIRS[..., 1].ravel()
    columns = np.rint(x[:, None] + cos * across - sin * down).astype(np.int32)
    rows = np.rint(y[:, None] + sin * across + cos * down).astype(np.int32)
    places = rows * widths[:, None] + columns + starts[levels].astype(np.int32)[:, None]
    values = np.concatenate([layer.ravel() for layer in layers]).take(places)
    return np.packbits(values[:, 0::2] < values[:, 1::2], axis=1)


def _layers(grey: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """The first levels of the pyramid, softened and with a margin of _PAD pixels.

    Each is made of the one before it, as the detector makes its own: a step is so small that nothing is lost between
    two pixels, and it takes a fifth of the time of averaging each from the whole. 1 ms.
    """
    found, layer = [], grey
    for level in range(count):
        if level:
            size = (max(1, round(side / SCALE_STEP**level)) for side in (grey.shape[1], grey.shape[0]))
            layer = np.asarray(cv2.resize(layer, tuple(size), interpolation=cv2.INTER_LINEAR), np.uint8)
        soft = cv2.GaussianBlur(layer, (7, 7), 2)  # single pixels are too noisy to compare
        found.append(cv2.copyMakeBorder(soft, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REPLICATE))
    return found
