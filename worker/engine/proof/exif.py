"""The fields of an EXIF block, each with a word for people."""

from collections.abc import Iterator
from typing import Any, Final

from PIL import ExifTags, Image

RATING: Final = "EXIF Rating"
_ORIENTATION: Final = 0x0112  # is applied when a picture is decoded
_POINTERS: Final = frozenset({0x8769, 0x8825, 0xA005, 0x014A})
# Of TIFF's own tags those that say how a thumbnail is stored, and padding.
_PLAIN: Final = frozenset(
    {_ORIENTATION, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0111, 0x0115, 0x0116, 0x0117, 0x011C, 0x0201, 0x0202,
     0x0213, 0x0140, 0x0142, 0x0143, 0x0144, 0x0145, 0x0152, 0x0153, 0xEA1C}
)  # fmt: skip
_WORDS: Final = {
    0x010E: "its caption", 0x9C9B: "its caption", 0x9C9C: "its caption", 0x9286: "its caption", 0x9C9E: "its caption",
    0x0132: "its date", 0x9003: "its date", 0x9004: "its date", 0x9290: "its date", 0x9291: "its date",
    0x9292: "its date", 0x9010: "its date", 0x9011: "its date", 0x9012: "its date",
    0x010F: "its camera", 0x0110: "its camera", 0xA433: "its camera", 0xA434: "its camera",
    0x927C: "its camera's notes",
    0x02BC: "XMP", 0x8773: "its colour profile", 0x83BB: "its caption (IPTC)",
    0x013B: "its author", 0x9C9D: "its author", 0x8298: "its copyright", 0x0131: "its software",
}  # fmt: skip


def exif_fields(block: bytes, below: bool = False) -> Iterator[tuple[str, bytes]]:
    """What each field says, in a word, and its value as bytes; a block that does not parse is one field, EXIF.

    below: the fields of the directories below the first alone, of a TIFF file whose own tags are read elsewhere.
    """
    exif = Image.Exif()
    try:
        exif.load(block)
        fields = [*(() if below else _named(exif)), *_named(exif.get_ifd(0x8769))]
        place = dict(exif.get_ifd(0x8825))
        thumbnail = b"" if below else _thumbnail(block, exif.get_ifd(ExifTags.IFD.IFD1))
    except Exception:  # as hostile as a header
        yield "EXIF", block
        return
    yield from fields
    if thumbnail:
        yield "its thumbnail", thumbnail
    if place:
        yield "its place (GPS)", repr(sorted(place.items())).encode()


def written_size(block: bytes) -> tuple[int, int]:
    """Width and height that an EXIF block says its picture has, 0, 0 where it does not."""
    exif = Image.Exif()
    try:
        exif.load(block)
        fields = exif.get_ifd(0x8769)
        width, height = int(fields.get(0xA002, 0)), int(fields.get(0xA003, 0))
    except Exception:  # as hostile as a header
        return 0, 0
    return (width, height) if width > 0 and height > 0 else (0, 0)


def _thumbnail(block: bytes, fields: Any) -> bytes:
    """A small JPEG, which may show what was cut away since; b"" where there is none."""
    at, size = fields.get(0x0201, 0), fields.get(0x0202, 0)
    return block[at : at + size] if size else repr(sorted(fields.items())).encode() if fields else b""


def _named(fields: Any) -> Iterator[tuple[str, bytes]]:
    for tag, value in sorted(fields.items()):
        if tag in _POINTERS or tag in _PLAIN:
            continue
        name = ExifTags.TAGS.get(tag, f"{tag:#06x}")
        yield _WORDS.get(tag, f"EXIF {name}"), f"{tag} {value!r}".encode("utf-8", "surrogateescape")
