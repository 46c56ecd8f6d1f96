"""Small pictures for the report, read from the watched folder when the report is made."""

from collections.abc import Callable

import cv2

from shared.errors import ImagesieveError
from shared.records import Record, Reference
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.scaling import average
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.inventory import take_inventory
from worker.pipeline.files import read_file
from worker.pipeline.storage import ReadableStorage

LONG_SIDE = 176
QUALITY = 72


def thumbnail_reader(
    storage: ReadableStorage, records: dict[str, Record], max_pixels: int, max_bytes: int
) -> Callable[[str], bytes | None]:
    """A function path -> JPEG bytes, long side 176 pixels; None for a file that has changed or gone since.

    records: of pictures; of other files there is none.
    """

    def thumbnail(path: str) -> bytes | None:
        record = records.get(path)
        if record is None:
            return None
        try:
            contents = read_file(storage, Reference(path, record.size, record.mtime_ns), max_bytes)
            decoded = decode_reduced(contents.data, max_pixels)
            profile = take_inventory(contents.data, decoded.header.format).profile
            picture = in_srgb(decoded, contents.data, profile)
        except ImagesieveError:
            return None  # the page shows an empty frame: the picture is no longer what the row speaks of
        height, width = picture.shape[:2]
        scale = min(1.0, LONG_SIDE / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = average(picture, size)
        _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return bytes(encoded.tobytes())

    return thumbnail
