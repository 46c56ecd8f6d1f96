"""Which names in a watched folder are not a user's pictures: hidden, unfinished, or another program's own. Pure."""

import re
from itertools import pairwise
from typing import Final

# What NAS systems, macOS and Windows put beside a user's files. Compared in lower case.
_FOREIGN_FOLDERS: Final = (
    "@eadir",
    "@tmp",
    "@recycle",
    "@recently-snapshot",
    "@sharebin",
    "#recycle",
    "#snapshot",
    "lost+found",
    "$recycle.bin",
    "system volume information",
    "__macosx",
)
_FOREIGN_FILES: Final = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir")

# Previews that programs make of a user's pictures: Lightroom's in packages of this suffix, Nextcloud's in a folder that
# is called so, with a number of the server behind it.
_PREVIEWS: Final = ".lrdata"
_APPDATA: Final = "appdata_"

# Libraries of Apple's programs, and the folders in them that hold a user's pictures: all others hold what the program
# made of these.
_LIBRARIES: Final = (".photoslibrary", ".migratedphotolibrary", ".photolibrary", ".aplibrary")
_LIBRARY_FOLDERS: Final = ("originals", "masters", "modified")

# How downloaders, browsers, sync clients and editors name a file that is not complete yet, or the one it replaces.
_UNFINISHED: Final = (
    ".part",
    ".partial",
    ".crdownload",
    ".download",
    ".downloading",
    ".fdmdownload",
    ".opdownload",
    ".filepart",
    ".aria2",
    ".!ut",
    ".!qb",
    ".!sync",
    ".bc!",
    ".td",
    ".xltd",
    ".tmp",
    ".temp",
    ".swp",
)
_SAFE_SAVE: Final = re.compile(r"\.sb-[0-9a-f]{8}-\w{6}")  # macOS, while a program writes a document anew
_BACKUPS: Final = ("~", ".bak", ".backup", ".old", ".orig")
_EXIFTOOL_BACKUP: Final = re.compile(r"\.\w+_original")

# Safari keeps a download, under its final name, in a folder called so until it is complete. Other folders that happen
# to end in `.tmp` or `~` are a user's own: nobody writes a folder in parts.
_UNFINISHED_FOLDER: Final = ".download"


def ignores_folder(name: str, parent: str = "") -> bool:
    """Whether a folder of this name (one component), in one called `parent`, is left out with all that is in it.

    >>> ignores_folder("resources", "Mine.photoslibrary"), ignores_folder("originals", "Mine.photoslibrary")
    (True, False)
    """
    lower = name.lower()
    return (
        name.startswith(".")
        or lower in _FOREIGN_FOLDERS
        or lower.endswith((_UNFINISHED_FOLDER, _PREVIEWS))
        or lower.startswith(_APPDATA)
        or (parent.lower().endswith(_LIBRARIES) and lower not in _LIBRARY_FOLDERS)
    )


def ignores_file(name: str) -> bool:
    """Whether a file of this name (one component) is left out: hidden, temporary, partial, a backup, or a system's own.

    >>> ignores_file("photo.jpg.crdownload"), ignores_file("._photo.jpg"), ignores_file("photo.jpg")
    (True, True, False)
    """
    lower = name.lower()
    return (
        name.startswith((".", "~$"))
        or lower in _FOREIGN_FILES
        or lower.endswith((*_UNFINISHED, *_BACKUPS))
        or any(written.fullmatch(lower, max(lower.rfind("."), 0)) for written in (_SAFE_SAVE, _EXIFTOOL_BACKUP))
    )


def ignores(path: str) -> bool:
    """Whether the file at this relative path is left out, for its own name or for a folder on the way."""
    *folders, name = path.split("/")
    return ignores_file(name) or any(ignores_folder(folder, parent) for parent, folder in pairwise(("", *folders)))
