"""Settings that are several words: what they are in one string, and back. What is no string is left as it is."""

import re
from collections.abc import Iterable
from typing import Any, Final

_FOLDER_SEPARATOR: Final = re.compile(r"(?<!\\):")


def split_words(value: Any) -> Any:
    """Words that blanks or commas separate, in order."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def split_suffixes(value: Any) -> Any:
    """Suffixes, likewise, or a list of them; one without its dot gets it."""
    words = split_words(value)
    return frozenset(map(_suffix, words)) if isinstance(words, list | tuple) else words


def _suffix(word: str) -> str:
    word = word.lower()
    return word if word == "*" or word.startswith(".") else "." + word


def split_folders(value: Any) -> Any:
    """Folders that `:` separates; one that holds a `:` has it as `\\:`."""
    if not isinstance(value, str):
        return value
    return tuple(word.replace("\\:", ":") for word in _FOLDER_SEPARATOR.split(value) if word)


def join_folders(folders: Iterable[str]) -> str:
    """One string, which `split_folders` parts again."""
    return ":".join(folder.replace(":", "\\:") for folder in folders)
