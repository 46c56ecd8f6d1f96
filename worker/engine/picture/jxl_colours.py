"""The colours that a JPEG XL codestream names without a profile, brought to sRGB: ISO/IEC 18181-1, annex E; for bright
ones SMPTE ST 2084 (PQ) and ITU-R BT.2100 (HLG). Light above white is cut, as in Radiance files.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import strips
from worker.engine.picture.jxl_header import D65, GREY, SRGB, SRGB_CURVE, Colours, Point

_WHITES: Final[dict[int, Point]] = {1: (0.3127, 0.329), 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_PRIMARIES: Final[dict[int, tuple[Point, ...]]] = {
    1: ((0.639998686, 0.330010138), (0.300003784, 0.600003357), (0.150002046, 0.059997204)),
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
_CONES: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])  # Bradford
_BT709, _LINEAR, _PQ, _DCI, _HLG = 1, 8, 16, 17, 18
ABSOLUTE: Final = (_PQ, _HLG)  # curves whose values are so many nits, not parts of white
_WHITE_NITS: Final = 255.0  # of a screen's white, as libjxl takes it
_LUMA: Final = np.array([0.2627, 0.678, 0.0593], np.float32)  # of BT.2100

Light = NDArray[np.float32]


def is_known(colours: Colours) -> bool:
    """Whether it is known here what its numbers stand for."""
    return (
        (isinstance(colours.white, tuple) or colours.white in _WHITES)
        and (isinstance(colours.primaries, tuple) or colours.primaries in _PRIMARIES)
        and (isinstance(colours.curve, float) or colours.curve in (_BT709, _LINEAR, SRGB_CURVE, _PQ, _DCI, _HLG))
    )


def is_srgb(colours: Colours) -> bool:
    """Whether values are those of sRGB already, or of a grey on its curve."""
    same = colours.space == GREY or (colours.white, colours.primaries) == (D65, SRGB)
    return same and colours.curve == SRGB_CURVE


def to_srgb(values: NDArray[Any], colours: Colours, nits: float) -> NDArray[np.uint8]:
    """Grey `[h, w]` or RGB `[h, w, 3]` of any depth in sRGB: uint8, same shape. nits: of the greatest value.

    About 100 ms a megapixel.
    """
    shown = np.empty(values.shape, np.uint8)
    matrix = None if values.ndim == 2 else _to_srgb_light(colours).astype(np.float32).T
    curve = _light_of(colours.curve)
    if values.dtype.kind == "u":  # every value that there may be, once
        most = int(np.iinfo(values.dtype).max)
        table = curve(np.arange(most + 1, dtype=np.float32) / np.float32(most))
    for rows in strips(values):
        part = values[rows]
        light = table[part] if values.dtype.kind == "u" else curve(_finite(part))
        if colours.curve == _HLG:
            light = _as_on_screen(light, nits)
        if matrix is not None:
            light = light @ matrix
        shown[rows] = np.rint(_srgb_curve(light) * 255)
    return shown


def to_8_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of sRGB as 8 bits: the upper ones of 16, fractions from 0 to 1, the rest cut."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return (values >> 8).astype(np.uint8)
    out = np.empty(values.shape, np.uint8)
    for rows in strips(values):
        out[rows] = np.rint(_finite(values[rows]) * 255)
    return out


def _finite(values: NDArray[Any]) -> Light:
    """Fractions from 0 to 1; what is not a number is black."""
    wide = values.astype(np.float32)
    return np.clip(np.nan_to_num(wide, copy=False, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)


def _light_of(curve: int | float) -> Callable[[Light], Light]:
    """From values to light, of which 1 is white."""
    if isinstance(curve, float):
        return lambda v: v ** np.float32(1 / curve)
    return {
        _BT709: lambda v: np.where(v < 0.081, v / 4.5, ((v + 0.099) / 1.099) ** (1 / 0.45)),
        _LINEAR: lambda v: v,
        SRGB_CURVE: lambda v: np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4),
        _PQ: _pq_light,
        _DCI: lambda v: v**2.6,
        _HLG: _hlg_light,
    }[curve]


def _pq_light(values: Light) -> Light:
    root = values.astype(np.float64) ** (32 / 2523)
    light = (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
    return (light * (10_000 / _WHITE_NITS)).astype(np.float32)


def _hlg_light(values: Light) -> Light:
    """Of the scene, not yet as a screen shows it."""
    low, high = values * values / 3, (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(values <= 0.5, low, high).astype(np.float32)


def _as_on_screen(light: Light, nits: float) -> Light:
    """What a screen of so many nits makes of the scene's light."""
    luma = light if light.ndim == 2 else (light @ _LUMA)[..., None]
    exponent = 1.2 * 1.111 ** np.log2(nits / 1000) - 1
    return light * np.maximum(luma, 1e-6) ** np.float32(exponent) * np.float32(nits / _WHITE_NITS)


def _srgb_curve(light: Light) -> Light:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** np.float32(1 / 2.4) - 0.055)


def _to_srgb_light(colours: Colours) -> NDArray[np.float64]:
    """The matrix from light in these primaries to light in those of sRGB, white to white. Raises ValueError where they
    span no colours.
    """
    white = colours.white if isinstance(colours.white, tuple) else _WHITES[colours.white]
    primaries = colours.primaries if isinstance(colours.primaries, tuple) else _PRIMARIES[colours.primaries]
    try:
        ours, theirs = _to_xyz(_PRIMARIES[SRGB], _WHITES[D65]), _to_xyz(primaries, white)
        cones = np.diag((_CONES @ _xyz(_WHITES[D65])) / (_CONES @ _xyz(white)))
        matrix: NDArray[np.float64] = np.linalg.inv(ours) @ np.linalg.inv(_CONES) @ cones @ _CONES @ theirs
    except (np.linalg.LinAlgError, ZeroDivisionError) as error:
        raise ValueError("primaries that span no colours") from error
    if not np.isfinite(matrix).all():
        raise ValueError("primaries that span no colours")
    return matrix


def _xyz(point: Point) -> NDArray[np.float64]:
    return np.array([point[0] / point[1], 1.0, (1 - point[0] - point[1]) / point[1]])


def _to_xyz(primaries: tuple[Point, ...], white: Point) -> NDArray[np.float64]:
    columns = np.stack([_xyz(point) for point in primaries], axis=1)
    return columns * np.linalg.solve(columns, _xyz(white))
