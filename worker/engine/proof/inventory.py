"""What an image file holds beside the pixels of its first picture, found without decoding any.

Only what is known here counts as understood: a part of a file that is not in the tables of its format's module is
something the file holds, and a format whose every part is not known is not proved to be the same as another file,
whatever its pixels are.
"""

from collections.abc import Callable
from typing import Final

from worker.engine.picture.formats import CAMERA_RAW
from worker.engine.proof.bmp_parts import read_bmp
from worker.engine.proof.gif_parts import read_gif
from worker.engine.proof.heif_parts import read_heif
from worker.engine.proof.jpeg_parts import read_jpeg
from worker.engine.proof.jxl_parts import read_jpeg_xl
from worker.engine.proof.other_parts import read_avif, read_icon, read_jpeg_2000, read_photoshop, read_raw
from worker.engine.proof.parts import APART, Inventory, Parts, digest
from worker.engine.proof.png_parts import read_png
from worker.engine.proof.pnm_parts import read_pnm
from worker.engine.proof.tiff_parts import read_tiff
from worker.engine.proof.webp_parts import read_webp

_READERS: Final[dict[str, Callable[[bytes, Parts], None]]] = {
    "JPEG": read_jpeg,
    "PNG": read_png,
    "WebP": read_webp,
    "GIF": read_gif,
    "BMP": read_bmp,
    "PNM": read_pnm,
    "TIFF": read_tiff,
}
# Formats of which not every part is read: only what they hold beside their picture.
_SEEN: Final[dict[str, Callable[[bytes, Parts], None]]] = {
    "AVIF": read_avif,
    "HEIC": read_heif,
    "ICO": read_icon,
    CAMERA_RAW: read_raw,
    "JPEG 2000": read_jpeg_2000,
    "JPEG XL": read_jpeg_xl,
    "Photoshop": read_photoshop,
}


def take_inventory(data: bytes, name: str) -> Inventory:
    """What a file of this format holds. Never raises: what cannot be parsed is unknown. Reads every byte once."""
    parts, reader = Parts(), _READERS.get(name) or _SEEN.get(name)
    if name not in _READERS:
        parts.unknown = f"{name} files can hold more than is read of them here"
    try:
        if reader:
            reader(data, parts)
    except Exception as error:  # a hostile file makes a parser raise nearly any type
        parts.unknown = f"{APART} ({error})"
        parts.extras.add(("parts that cannot be told apart", digest(data)))
    return parts.done()
