"""What a file beside a picture may be, told from its suffix."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a file is to the files that it belongs to."""

    PICTURE = "picture"
    EDIT = "edited picture"
    RAW = "raw"
    VIDEO = "video"
    SIDECAR = "sidecar"

    @property
    def is_content(self) -> bool:
        """Whether it holds something of its own, and does not only say something of another file."""
        return self is not Role.SIDECAR


_SUFFIXES: Final = {
    Role.PICTURE: "jpg jpeg jpe jfif png heic heif hif avif webp gif tif tiff bmp jxl jp2 jpf psd",
    Role.RAW: (
        "dng nef nrw cr2 cr3 crw arw srf sr2 raf orf ori rw2 rwl raw pef srw x3f 3fr fff iiq erf mef mos mrw kdc "
        "dcr gpr"
    ),
    Role.VIDEO: "mov mp4 m4v mp mv avi mpg mpeg 3gp mts m2ts wmv mkv webm insv lrv",
    Role.SIDECAR: "xmp aae json thm pp3 dop vrd on1 arp wav",
}
_ROLES: Final = {suffix: role for role, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}


def role_of(suffix: str) -> Role | None:
    """The role of a file with this suffix, in lower case and without its dot; None where it belongs to no picture."""
    return _ROLES.get(suffix)


def is_sidecar(path: str) -> bool:
    """Whether a file of this name can only be one that says something of a picture."""
    return role_of(path.rpartition(".")[2].lower()) is Role.SIDECAR
