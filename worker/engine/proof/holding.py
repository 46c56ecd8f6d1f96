"""What is kept of what a file holds, so that verdicts, keepers and sums need not read it again.

An act proves everything anew from the files (worker.engine.proof.sameness).
"""

import base64
import hashlib
import re
from typing import Final

from worker.engine.proof.parts import SENSOR, Inventory, in_words
from worker.engine.proof.stored import Stored

_SIDE_SHOWS: Final = re.compile("bytes that belong to none|an index of")  # not worth a word beside what they go with
_SHOWN_BITS: Final = 8
_MARK: Final = 3  # bytes of what a mark is made of: two of one file are the same by a chance of one in millions


def describe_holding(inventory: Inventory, stored: Stored | None) -> str:
    """What a file holds beside its picture, or of it beyond 8 opaque bits, in words; "" for nothing."""
    names = list(in_words(inventory.extras))
    names = [name for name in names if not _SIDE_SHOWS.search(name)] or names
    if stored is not None and stored.bits > _SHOWN_BITS:
        names.append(f"{stored.bits} bits")
    if stored is not None and stored.transparent:
        names.append("transparency")
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def holds_sensor(holds: str) -> bool:
    """Whether a file that holds this is a camera raw."""
    return SENSOR in holds


def mark_what_is_said(inventory: Inventory, stored: Stored | None) -> str:
    """A mark of each thing that goes with a file whose keeper has the same pixels and lacks it; never "".

    A camera's JPEG with its EXIF has some 60, 5 bytes each.
    """
    said = {f"{name} {value}" for name, value in inventory.metadata}
    if inventory.lossy:
        said.add(f"coded {inventory.lossy} {inventory.coded}")
    if stored is not None and stored.numbers:
        said.add(f"numbers {stored.numbers}")
    marks = {base64.b64encode(hashlib.sha256(one.encode()).digest()[:_MARK]).decode() for one in said}
    return " ".join(["picture", *sorted(marks)])
