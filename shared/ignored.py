"""Which names in a watched folder are passed over without a trace. Pure: names only."""

from typing import Final

# What NAS systems, macOS and Windows put beside a user's files. Compared in lower case.
_FOREIGN_FOLDERS: Final = (
    "@eadir",
    "@tmp",
    "@recycle",
    "@recently-snapshot",
    "#recycle",
    "#snapshot",
    "lost+found",
    "$recycle.bin",
    "system volume information",
    "__macosx",
)
_FOREIGN_FILES: Final = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir")

# How downloaders, browsers, sync clients and editors name a file that is not complete yet.
_UNFINISHED: Final = (
    ".part",
    ".partial",
    ".crdownload",
    ".download",
    ".opdownload",
    ".filepart",
    ".aria2",
    ".!ut",
    ".!qb",
    ".tmp",
    ".temp",
    ".swp",
    "~",
)

# Safari keeps a download, under its final name, in a folder called so until it is complete. Other folders that happen
# to end in `.tmp` or `~` are a user's own: nobody writes a folder in parts.
_UNFINISHED_FOLDER: Final = ".download"


def ignores_folder(name: str) -> bool:
    """Whether a folder of this name (one component) is passed over with all that is in it."""
    lower = name.lower()
    return name.startswith(".") or lower in _FOREIGN_FOLDERS or lower.endswith(_UNFINISHED_FOLDER)


def ignores_file(name: str) -> bool:
    """Whether a file of this name (one component) is passed over: hidden, temporary, partial, or a system's own.

    >>> ignores_file("photo.jpg.crdownload"), ignores_file("._photo.jpg"), ignores_file("photo.jpg")
    (True, True, False)
    """
    lower = name.lower()
    return name.startswith((".", "~$")) or lower in _FOREIGN_FILES or lower.endswith(_UNFINISHED)


def ignores(path: str) -> bool:
    """Whether the file at this relative path is passed over, for its own name or for a folder on the way."""
    *folders, name = path.split("/")
    return ignores_file(name) or any(map(ignores_folder, folders))
