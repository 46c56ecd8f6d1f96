"""Whether two files hold the same picture to the last pixel: in full size and depth, with what shines through it.

`identical` in a report is said of what comparisons look at: 8 bits, over white, the first frame, and large JPEGs at a
reduced scale (docs/adr/0009). Before a file goes for it, all of that is looked at.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from shared.errors import UnreadableImage
from worker.engine.decode import decode, decode_stored, probe

_FRAMED: Final[dict[str, Any]] = {
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "PNG": PngImageFile,
    "AVIF": AvifImageFile,
    "WebP": WebPImageFile,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A picture in full. pixels: digest of the picture, 8-bit RGB over white, upright. frames: in the file.

    alpha: digest of what shines through, "" where nothing does. deep: digest of the stored values, "" for 8 bits.
    """

    pixels: str
    frames: int
    alpha: str
    deep: str


def sign(data: bytes, max_pixels: int) -> Signature:
    """The signature of an image file. Raises UnreadableImage as `decode`; takes its time and memory, twice at most."""
    pixels = _digest(decode(data, max_pixels))
    header = probe(data)
    if header.format == "JPEG":
        return Signature(pixels, 1, "", "")
    stored = decode_stored(data, header)
    alpha = stored[..., -1] if stored.ndim == 3 and stored.shape[2] in (2, 4) else np.zeros(0, np.uint8)
    opaque = np.iinfo(alpha.dtype).max if np.issubdtype(alpha.dtype, np.integer) else 1.0
    deep = "" if stored.dtype == np.uint8 else _digest(stored)
    return Signature(pixels, _frames(data, header.format), "" if (alpha == opaque).all() else _digest(alpha), deep)


def difference(keeper: Signature, other: Signature) -> str:
    """In which way `other` is not the picture that `keeper` is, or is more than that, in words; "" where it is (pure).

    Of several frames the first alone was ever compared.
    """
    if keeper.pixels != other.pixels:
        return "in full size its pixels are not those of its keeper"
    if other.frames > 1:
        return f"it holds {other.frames} frames or pages, and only the first was compared"
    if keeper.alpha != other.alpha:
        return "its transparency is not that of its keeper"
    if other.deep and keeper.deep != other.deep:
        return "it holds more than 8 bits a colour, and they are not those of its keeper"
    return ""


def compare_files(keeper: bytes, other: bytes, max_pixels: int) -> str:
    """The `difference` of two image files, decoded one after the other. Raises UnreadableImage."""
    return difference(sign(keeper, max_pixels), sign(other, max_pixels))


def _frames(data: bytes, name: str) -> int:
    plugin = _FRAMED.get(name)
    try:
        return int(getattr(plugin(io.BytesIO(data)), "n_frames", 1)) if plugin else 1
    except Exception as error:  # hostile frames make Pillow raise nearly any type
        raise UnreadableImage(f"the frames of this {name} file cannot be counted ({error})") from error


def _digest(values: NDArray[Any]) -> str:
    digest = hashlib.sha256(f"{values.shape} {values.dtype}".encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
