"""What a file says of its picture: format, when it was taken, with what. Read in a child, as all that is hostile."""

import io
import json
import warnings
from pathlib import Path
from typing import Any, Final

from PIL import Image

from shared.records import Reference
from worker.engine.picture.headers import probe
from worker.web.developing import read

_TAKEN: Final = (0x9003, 0x9004)
_LONGEST: Final = 80


def tell(root: Path, reference: Reference, digest: str, max_pixels: int, max_bytes: int) -> bytes:
    """JSON with format, bits, taken, camera and place, each "" where the file does not say. Raises as `develop`."""
    data = read(root, reference, digest, max_bytes)
    header = probe(data)
    if header.width * header.height > max_pixels:
        return b"{}"
    said = {"format": header.format, "bits": header.bits, "taken": "", "camera": "", "place": False}
    return json.dumps(said | _exif(data)).encode()


def _exif(data: bytes) -> dict[str, Any]:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            exif = image.getexif()
            inner = exif.get_ifd(0x8769)
            taken = next((str(inner[tag]) for tag in _TAKEN if inner.get(tag)), "")
            names = [str(exif.get(tag, "")).strip("\0 ") for tag in (0x010F, 0x0110)]
            place = bool(exif.get_ifd(0x8825))
    except Exception:  # a hostile file makes a parser raise nearly any type
        return {}
    maker, model = names
    camera = model if model.startswith(maker) else f"{maker} {model}".strip()
    return {"taken": _date(taken), "camera": camera[:_LONGEST], "place": place}


def _date(text: str) -> str:
    """EXIF's `2019:07:01 10:20:30` as everybody writes it."""
    day, _, time = text.strip("\0 ").partition(" ")
    return f"{day.replace(':', '-')} {time}".strip()[:_LONGEST]
