"""Files as Pillow decodes them, its few mistakes put right."""

import io
from typing import Final, Protocol

import numpy as np
from PIL import Image, TiffImagePlugin
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.IcoImagePlugin import IcoImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.SunImagePlugin import SunImageFile
from PIL.TgaImagePlugin import TgaImageFile
from PIL.TiffImagePlugin import TiffImageFile

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.avif import is_whole
from worker.engine.picture.formats import CONVERT
from worker.engine.picture.headers import Header
from worker.engine.picture.jpeg_2000 import read_jpeg_2000

_WIDTH: Final = 8  # bits of a value in Pillow
_PNG_DEPTH: Final = 24  # the byte that says the bits of a value


class _Plugin(Protocol):
    def __call__(self, fp: io.BytesIO) -> ImageFile: ...


# Which reads which, where Pillow is the reader.
PLUGINS: Final[dict[str, _Plugin]] = {
    "PNG": PngImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
    "AVIF": AvifImageFile,
    "JPEG 2000": Jpeg2KImageFile,
    "TGA": TgaImageFile,
    "ICO": IcoImageFile,
    "Sun raster": SunImageFile,
}


def open_by_pillow(header: Header, data: bytes) -> Image.Image:
    """The picture as Pillow has it, decoded. Errors as `decode`."""
    try:
        image: Image.Image = PLUGINS[header.format](io.BytesIO(data))
    except Exception as error:  # a hostile header makes Pillow raise nearly any type
        if header.format == "AVIF" and is_whole(data):  # the library takes nothing that is not by today's book
            raise UnreadableImage(
                FailureKind.UNSUPPORTED, f"AVIF picture that its decoder does not take ({error}): {CONVERT}"
            ) from error
        raise refusal(header, error) from error
    try:
        image.load()
        if isinstance(image, TiffImageFile) and image.mode == "P":
            image = _with_narrow_map(image)
        elif isinstance(image, TiffImageFile) and image.mode.startswith("I;16"):
            image = _black_is_zero(image)
        elif isinstance(image, PngImageFile) and image.mode == "L":
            _spread_transparent(image, data[_PNG_DEPTH])
        elif isinstance(image, Jpeg2KImageFile) and image.mode in ("L", "RGB", "LA", "RGBA"):
            image = _spread_narrow(image, data)
        elif isinstance(image, GifImageFile):
            image = _uncovered(image)
        elif image.mode == "La":  # grey that was multiplied by its alpha, which Pillow turns into nothing else
            image = image.convert("LA")
    except Exception as error:  # hostile pixels make Pillow raise nearly any type
        raise refusal(header, error) from error
    return image


def _black_is_zero(image: TiffImageFile) -> Image.Image:
    """Pillow gives values of 16 bits as they are, also where 0 is white."""
    if image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) != 0:
        return image
    bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0]
    return Image.fromarray((1 << bits) - 1 - np.asarray(image).astype(np.uint16))


def _spread_transparent(image: PngImageFile, depth: int) -> None:
    """Pillow spreads greys of 2 and 4 bits over 8, and leaves the transparent one as it is in the file."""
    grey, most = image.info.get("transparency"), (1 << depth) - 1
    if isinstance(grey, int):
        image.info["transparency"] = (grey & most) * (255 // most)


def _spread_narrow(image: Jpeg2KImageFile, data: bytes) -> Image.Image:
    """Pillow shifts values of fewer than 8 bits, so that white is grey."""
    depth = read_jpeg_2000(data).depth
    if depth >= _WIDTH:
        return image
    most = (1 << depth) - 1
    levels = [round((level >> _WIDTH - depth) * 255 / most) for level in range(256)]
    return image.point(levels * len(image.getbands()))


def _uncovered(image: GifImageFile) -> Image.Image:
    """What the first picture of a GIF leaves of the canvas is transparent, as in browsers; Pillow paints it."""
    left, top, right, bottom = image.dispose_extent
    if left <= 0 >= top and right >= image.width and bottom >= image.height:
        return image
    shown = Image.new("RGBA", image.size)
    box = (left, top, min(right, image.width), min(bottom, image.height))
    shown.paste(image.convert("RGBA").crop(box), box)
    return shown


def _with_narrow_map(image: TiffImageFile) -> Image.Image:
    """TIFF's colour maps have 16 bits, of which Pillow takes the upper 8; some scanners fill the lower 8 alone."""
    colours = np.array(image.tag_v2[TiffImagePlugin.COLORMAP])
    if colours.max() > 255:
        return image
    narrow = image.copy()
    narrow.putpalette(colours.reshape(3, -1).T.astype(np.uint8).tobytes())
    return narrow


def refusal(header: Header, error: Exception) -> UnreadableImage:
    """What a decoder's error means for people."""
    reason = str(error) or type(error).__name__
    if reason == "unknown pixel mode":  # Pillow's word for channels and depths that it does not know
        return UnreadableImage(
            FailureKind.UNSUPPORTED, f"{header.format} picture with such channels or depths: {CONVERT}"
        )
    return UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged {header.format} file ({reason})")
