"""What a HEIC file holds beside its primary picture: ISO/IEC 23008-12, and what telephones add.

Enough to know that something would go with it, not to prove that nothing would.
"""

from collections.abc import Iterator
from typing import Final

from worker.engine.picture.avif import boxes
from worker.engine.picture.heif import is_alpha, read_data, read_profile
from worker.engine.picture.heif_items import Item, read_items
from worker.engine.proof.parts import Parts, digest

_PICTURES: Final = (b"hvc1", b"hev1", b"av01", b"avc1", b"jpeg", b"unci", b"grid", b"iovl", b"iden")
_GAIN: Final = b"gainmap"
_DEPTH: Final = (b"depth", b"disparity", b"auxid:2")
_EXIF: Final = b"Exif\0\0"


def read_heif(data: bytes, parts: Parts) -> None:
    """Gain map, depth, further pictures, a video; what is said of the picture. Raises ValueError where its boxes make
    no sense.
    """
    # It is what the camera wrote: of it and a copy in another coding it stays, and it does not go for its looks.
    parts.extras.add(("a picture coded as HEIC", digest(b"HEIC")))
    whole = digest(data)
    for kind, _, _ in boxes(data, 0, len(data)):
        if kind in (b"moov", b"mpvd"):
            parts.extras.add(("frames of an animation" if kind == b"moov" else "a video", whole))
    primary, items = read_items(data)
    parts.extras |= {(held, whole) for held in (*_auxiliary(data, items), *_more_pictures(primary, items))}
    for item in items.values():
        _said(data, item, parts)
    if profile := read_profile(data):
        parts.profile(profile)


def _auxiliary(data: bytes, items: dict[int, Item]) -> Iterator[str]:
    for item in items.values():
        found = item.held(b"auxC")
        name = data[slice(*found)].lower() if found else b""
        if item.kind == b"tmap" or _GAIN in name:
            yield "a gain map"
        elif any(word in name for word in _DEPTH):
            yield "a depth map"
        elif found and not is_alpha(data, item):
            yield "a picture that belongs to its picture"


def _more_pictures(primary: int, items: dict[int, Item]) -> Iterator[str]:
    """Pictures that are neither the first one nor a part of it, nor belong to one."""
    known = {primary} | {part for item in items.values() for part in item.parts}
    more = sum(item.kind in _PICTURES and number not in known and not item.belongs for number, item in items.items())
    if more:
        yield "another picture" if more == 1 else f"{more} other pictures"


def _said(data: bytes, item: Item, parts: Parts) -> None:
    if item.kind == b"Exif":
        block = read_data(data, item)  # begins with how many bytes come before the block
        parts.exif(block[4 + int.from_bytes(block[:4], "big") :].removeprefix(_EXIF))
    elif item.kind == b"mime":
        parts.xmp(read_data(data, item))
