"""What kinds of values settings have, and how each is read from what was written."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.paths import absolute, absolute_or_none
from shared.setting_checks import check_auth, check_formats, check_hours, check_order, check_patterns, check_weights
from shared.settings.units import DURATION, SIZE
from shared.settings.words import split_folders, split_suffixes, split_words

AbsolutePath = Annotated[Path, AfterValidator(absolute)]
FolderName = Annotated[str, AfterValidator(absolute_or_none)]
Weights = Annotated[str, AfterValidator(check_weights)]
Hours = Annotated[str, AfterValidator(check_hours)]
Auth = Annotated[str, AfterValidator(check_auth)]

# The measure itself stands among the metadata, for those who say what may be written.
Duration = Annotated[float, DURATION, BeforeValidator(DURATION.read), Field(allow_inf_nan=False)]
Size = Annotated[int, SIZE, BeforeValidator(SIZE.read)]

Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words)]
Suffixes = Annotated[frozenset[str], NoDecode, BeforeValidator(split_suffixes)]
Folders = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_folders)]
Patterns = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_folders), AfterValidator(check_patterns)]
KeeperOrder = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words), AfterValidator(check_order)]
KeeperFormats = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words), AfterValidator(check_formats)]
