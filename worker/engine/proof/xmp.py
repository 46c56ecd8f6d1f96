"""Pictures and sounds that lie in a file's XMP, where one would look for words: Google's GDepth, GImage and GAudio."""

import re
from typing import Final

# A property that holds a file, in base64; the thumbnails that editors write are of the picture itself.
_FILES: Final = (
    (re.compile(rb"GDepth:(?:Data|Confidence)|apdi:AuxiliaryImageType=\W*depth|Camera:DepthMap", re.I), "a depth map"),
    (re.compile(rb"GAudio:Data"), "a sound"),
    (re.compile(rb"GImage:Data"), "a picture"),
)
_RATING: Final = re.compile(rb"xmp:Rating\s*(?:=\s*[\"']|>)\s*[1-5]")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\r\n]+")
_LONG: Final = 4096  # bytes without a space that are no word
_THUMBNAIL: Final = re.compile(rb"<(\w+:image)>[^<]*</\1>")


def is_rated(xmp: bytes) -> bool:
    """Whether this XMP gives the picture stars."""
    return _RATING.search(xmp) is not None


def held_in(xmp: bytes) -> str:
    """What is more than words in this XMP, in words; "" for nothing. Reads it a few times over."""
    found = [name for pattern, name in _FILES if pattern.search(xmp)]
    if not found and any(len(run) >= _LONG for run in _BASE64.findall(_THUMBNAIL.sub(b"", xmp))):
        found = ["a file"]
    return " and ".join(found)
