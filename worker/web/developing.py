"""A preview of a file: read as a feature worker reads it, decoded, in sRGB, made small, and encoded anew."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from shared.errors import FileChanging
from shared.records import Reference
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.scaling import average
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.inventory import take_inventory
from worker.pipeline.files import read_file
from worker.pipeline.local_folder import LocalFolder

QUALITY: Final = 82


def develop(root: Path, reference: Reference, digest: str, side: int, max_pixels: int, max_bytes: int) -> bytes:
    """WebP, long side at most `side` pixels. Nothing of the file is in it but what is seen.

    Raises UnreadableImage, FileChanging where the file is not the one with this digest, RefusedReference.
    """
    return encode(look(root, reference, digest, side, max_pixels, max_bytes))


def look(root: Path, reference: Reference, digest: str, side: int, max_pixels: int, max_bytes: int) -> Picture:
    """The picture itself, RGB uint8 in sRGB. Raises as `develop`."""
    data = read(root, reference, digest, max_bytes)
    decoded = decode_reduced(data, max_pixels, least=side)
    profile = take_inventory(data, decoded.header.format).profile
    return shrink_to(in_srgb(decoded, data, profile), side)


def read(root: Path, reference: Reference, digest: str, max_bytes: int) -> bytes:
    """The bytes of a file. Raises FileChanging where they are not those of this digest, RefusedReference."""
    contents = read_file(LocalFolder(root), reference, max_bytes)
    if contents.digest != digest:
        raise FileChanging(f"{reference.path} changed since the report was made")
    return contents.data


def shrink_to(picture: Picture, side: int) -> Picture:
    """`picture`, `[h, w, 3]`, its long side at most `side` pixels; a smaller one as it is."""
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return picture
    return average(picture, (max(1, round(width * scale)), max(1, round(height * scale))))


def encode(picture: Picture) -> bytes:
    """RGB `[h, w, 3]` as WebP."""
    _, data = cv2.imencode(".webp", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    return bytes(np.asarray(data, np.uint8).tobytes())
