"""Which files the watcher records as not read, by their suffix. Pure: names only."""

import posixpath
from collections.abc import Set


def suffix_of(path: str) -> str:
    """The suffix in lower case with its dot; `.` where the name has none.

    >>> suffix_of("a/B.JPG"), suffix_of("3f786850e387550f"), suffix_of("name.")
    ('.jpg', '.', '.')
    """
    return posixpath.splitext(path)[1].lower() or "."


def admits(path: str, suffixes: Set[str]) -> bool:
    """Whether files with this path's suffix are sent to a worker. `suffixes` as in Settings: `*` admits every file."""
    return "*" in suffixes or suffix_of(path) in suffixes


def suffix_reason(path: str) -> str:
    """The reason recorded for a file that is not admitted."""
    suffix = suffix_of(path)
    if suffix == ".":
        return 'not read: its name has no suffix, and "." is not among IMAGESIEVE_SUFFIXES'
    shown = suffix if suffix.isprintable() else ascii(suffix)
    return f"not read: its suffix {shown} is not among IMAGESIEVE_SUFFIXES"
