"""What a file is, by its first bytes: an image format that can be read, or something else that can be named."""

from typing import Final, Literal

from shared.errors import UnreadableImage
from shared.failures import FailureKind

# What decodes a file: a library, or a module of this room.
Reader = Literal["opencv", "pillow", "netpbm", "tiff", "bmp", "lossless", "jpeg2000", "psd", "heif", "jxl", "raw"]

CONVERT: Final = "not supported by this build; convert it to JPEG or PNG"
CAMERA_RAW: Final = "camera raw"  # the name of that format, of whichever maker
_OTHER: Final = "not an image: it looks like"

_SUPPORTED: Final = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (8, b"WEBP", "WebP"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"\x59\xa6\x6a\x95", "Sun raster"),
    (0, b"\0\0\x01\0", "ICO"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"FUJIFILMCCD-RAW", CAMERA_RAW),  # RAF
    (0, b"IIRO", CAMERA_RAW),  # ORF
    (0, b"IIRS", CAMERA_RAW),
    (0, b"MMOR", CAMERA_RAW),
    (0, b"IIU\0", CAMERA_RAW),  # RW2
)

_UNSUPPORTED: Final = (
    (0, b"v/1\x01", f"OpenEXR picture: {CONVERT}"),
    (0, b"SIMPLE  =", f"FITS picture: {CONVERT}"),
    (128, b"DICM", f"DICOM picture: {CONVERT}"),
)

_NO_IMAGES: Final = (
    (0, b"%PDF", f"{_OTHER} a PDF document"),
    (0, b"%!PS", f"{_OTHER} a PostScript document"),
    (0, b"PK\x03\x04", f"{_OTHER} a ZIP archive or an office document"),
    (0, b"\x1f\x8b", f"{_OTHER} a gzip archive"),
    (0, b"Rar!", f"{_OTHER} a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", f"{_OTHER} a 7z archive"),
    (8, b"AVI ", f"{_OTHER} a video"),
    (8, b"WAVE", f"{_OTHER} a sound"),
    (0, b"\x1a\x45\xdf\xa3", f"{_OTHER} a video"),
    (0, b"FLV\x01", f"{_OTHER} a video"),
    (0, b"\0\0\x01\xba", f"{_OTHER} a video"),
    (0, b"ID3", f"{_OTHER} a sound"),
    (0, b"OggS", f"{_OTHER} a sound or a video"),
    (0, b"fLaC", f"{_OTHER} a sound"),
    (0, b"\x7fELF", f"{_OTHER} a program"),
    (0, b"MZ", f"{_OTHER} a program"),
)

# Of pictures and of sequences of them, whatever their coding: worker.engine.picture.heif says what it does not take.
_HEIF: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"mif3", b"msf1", b"avci", b"vvic",
     b"jpeg", b"j2ki", b"unif"}
)  # fmt: skip
_BMP_HEADERS: Final = (12, 16, 40, 52, 56, 64, 108, 124)
_TGA_KINDS: Final = {1: 1, 9: 1, 2: 0, 10: 0, 3: 0, 11: 0}  # image type -> whether a colour map must be there
_SAMPLE: Final = 1024


def recognise(data: bytes) -> str:
    """Name of the format of `data`, one that `decode` reads.

    Judges by content alone; a file's suffix says nothing. Raises UnreadableImage, saying what the file looks like.
    Constant cost.
    """
    if not data:
        raise UnreadableImage(FailureKind.EMPTY, "empty file (0 bytes)")
    if name := _match(data, _SUPPORTED) or _pnm(data) or _bmp(data):
        return name
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    text = _text(data[:_SAMPLE])
    if reason := _match(data, _UNSUPPORTED) or (f"SVG drawing: {CONVERT}" if "<svg" in text else ""):
        raise UnreadableImage(FailureKind.UNSUPPORTED, reason)
    if reason := _match(data, _NO_IMAGES) or (f"{_OTHER} a web page" if "<html" in text.lower() else ""):
        raise UnreadableImage(FailureKind.NO_IMAGE, reason)
    if text:
        raise UnreadableImage(FailureKind.NO_IMAGE, f"{_OTHER} text")
    if _is_tga(data):
        return "TGA"
    if not data.strip(b"\0"):
        raise UnreadableImage(
            FailureKind.NO_IMAGE, "not an image: it holds nothing but zero bytes, as an unfinished download does"
        )
    raise UnreadableImage(FailureKind.NO_IMAGE, "not an image: its first bytes are those of no known format")


def _match(data: bytes, table: tuple[tuple[int, bytes, str], ...]) -> str:
    return next((name for offset, magic, name in table if data.startswith(magic, offset)), "")


def _pnm(data: bytes) -> str:
    known = data[:1] == b"P" and data[1:2] in b"1234567fF" and data[2:3].isspace()
    return "PNM" if known and len(data) > 2 else ""


def _bmp(data: bytes) -> str:
    # "BM" alone also begins words; the size of the header that follows does not.
    return "BMP" if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS else ""


def _iso_media(data: bytes) -> str:
    """AVIF, HEIC and MP4 share one container; the brands in its first box tell them apart."""
    size = int.from_bytes(data[:4], "big")
    words = data[8 : min(size, 256)]
    brands = {words[at : at + 4] for at in range(0, len(words), 4)}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & _HEIF:
        return "HEIC"
    if b"crx " in brands:
        return CAMERA_RAW  # CR3
    raise UnreadableImage(FailureKind.NO_IMAGE, f"{_OTHER} a video")


def _text(sample: bytes) -> str:
    """The text that a file begins with; "" where it begins with no text."""
    try:
        # The sample may end within a character; three bytes are the most that may be missing of it.
        text = sample[:-3].decode() if len(sample) == _SAMPLE else sample.decode()
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 6:
            return ""
        text = sample[: error.start].decode()
    return "" if any(ord(sign) < 32 and sign not in "\t\n\r\f\x1b" for sign in text) else text


def _is_tga(data: bytes) -> bool:
    """TGA has no signature of its own; every field of its header must make sense."""
    if len(data) < 18:
        return False
    mapped, kind, depth = data[1], data[2], data[16]
    return (
        _TGA_KINDS.get(kind) == mapped
        and depth in ((8,) if kind % 8 in (1, 3) else (15, 16, 24, 32))
        and (data[7] in (15, 16, 24, 32) if mapped else not any(data[3:8]))
        and data[12:14] != b"\0\0"
        and data[14:16] != b"\0\0"
        and not data[17] & 0xC0
    )
