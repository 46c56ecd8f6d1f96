"""What kind of file a picture lies in, for the order of keepers: from its parts, which were read anyway, and pixels."""

from typing import Final

from shared.records.nature import Coding, Nature
from worker.engine.picture.decode import Reduced
from worker.engine.picture.formats import CAMERA_RAW
from worker.engine.picture.traces import read_coding, was_coarser
from worker.engine.proof.directories import read_directories
from worker.engine.proof.parts import APART, Inventory
from worker.engine.proof.stored import Stored

_CODINGS: Final = {CAMERA_RAW: Coding.RAW, "HEIC": Coding.HEIC, "JPEG": Coding.JPEG}
_LOSSY: Final = frozenset({"GIF", "AVIF", "ICO", "Radiance HDR"})  # or of few colours, few bits, few pixels
_UNREAD: Final = frozenset({CAMERA_RAW, "AVIF", "ICO", "JPEG 2000", "Photoshop"})  # formats whose metadata are not read
_CAMERA, _PLACE = "its camera", "its place (GPS)"
_INKS, _PHOTOMETRIC, _SEPARATED = 4, 262, 5
_SHOWN_BITS: Final = 8
_LARGER: Final = 1.1  # times as many pixels as the camera wrote: enlarged
_SAME_SHAPE: Final = 0.02
_FINE: Final = 10  # mean of the steps of quality 91; what is coarser itself can hide little that was coarser still


def describe_nature(data: bytes, decoded: Reduced, inventory: Inventory, stored: Stored | None) -> Nature:
    """The nature of a file. Never raises. 5 ms at most, for what JPEG left in the pixels."""
    name, said = decoded.header.format, {name for name, _ in inventory.metadata}
    coding = _coding(name, inventory)
    jpeg = read_coding(data) if coding is Coding.JPEG else None
    steps = jpeg.steps if jpeg else None
    pixels = decoded.full if decoded.full is not None else decoded.picture if decoded.divisor == 1 else None
    looked_at = coding is Coding.LOSSLESS or (steps is not None and steps.mean() <= _FINE)
    return Nature(
        coding,
        unread=name in _UNREAD,
        camera=_CAMERA in said,
        place=_PLACE in said,
        rated=inventory.rated,
        deep=coding is Coding.LOSSLESS and stored is not None and stored.bits > _SHOWN_BITS,
        cmyk=jpeg.channels == _INKS if jpeg else name == "TIFF" and _has_inks(data),
        anew=looked_at and pixels is not None and was_coarser(pixels, steps),
        odd=inventory.unknown.startswith(APART),
        step=max(1, round(float(steps.mean()))) if steps is not None else 0,
        written=_written(decoded, inventory),
    )


def _coding(name: str, inventory: Inventory) -> Coding:
    if name in _CODINGS:
        return _CODINGS[name]
    return Coding.OTHER if name in _LOSSY or inventory.lossy else Coding.LOSSLESS


def _has_inks(data: bytes) -> bool:
    try:
        return read_directories(data).first.number(_PHOTOMETRIC, -1) == _SEPARATED
    except Exception:  # hostile directories make a parser raise nearly any type
        return False


def _written(decoded: Reduced, inventory: Inventory) -> int:
    """How many pixels the camera says it wrote, where there are more, in the same shape; else 0."""
    width, height = sorted(inventory.written)
    short, long = sorted((decoded.width, decoded.height))
    if not width or short * long < _LARGER * width * height:
        return 0
    return width * height if abs(width * long / (height * short) - 1) < _SAME_SHAPE else 0
