"""What is made of an image's bytes, once: the picture, and what is kept of it."""

import hashlib
from dataclasses import dataclass

from shared.errors import UnreadableImage
from shared.records import ImageFacts
from worker.engine.picture.bars import without_bars
from worker.engine.picture.decode import Picture, Reduced, decode_reduced
from worker.engine.picture.srgb import in_srgb
from worker.engine.proof.holding import describe_holding, mark_what_is_said
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.nature import describe_nature
from worker.engine.proof.parts import Inventory
from worker.engine.proof.sameness import is_plain
from worker.engine.proof.stored import Stored, read_stored
from worker.engine.sketch.sketch import Sketch, describe, pixel_digest


@dataclass(frozen=True, slots=True)
class Impression:
    """facts: size and digest of the pixels. picture: as `in_srgb` gives it. shown: the part between its bars."""

    facts: ImageFacts
    picture: Picture
    shown: Picture
    sketch: Sketch


def take_impression(data: bytes, max_pixels: int) -> Impression:
    """Look at the bytes of an image file. About 15 ms for a megapixel, 100 for a JPEG of 12. Errors as `decode`."""
    decoded = decode_reduced(data, max_pixels, in_full=True)
    inventory, stored = take_inventory(data, decoded.header.format), _stored(data, decoded)
    picture, width, height = in_srgb(decoded, data, inventory.profile), decoded.width, decoded.height
    shown = without_bars(picture)
    content = shown.shape[0] * shown.shape[1]
    bars = content < picture.shape[0] * picture.shape[1]
    known = content * decoded.divisor**2 if bars else 0
    identity = _identity(decoded, inventory, stored)
    held, nature = describe_holding(inventory, stored), str(describe_nature(data, decoded, inventory, stored))
    if not identity:
        facts = ImageFacts(width, height, hashlib.sha256(data).hexdigest(), known, held, nature=nature)
    else:
        facts = ImageFacts(width, height, identity, known, held, mark_what_is_said(inventory, stored), nature)
    return Impression(facts, picture, shown, describe(picture, size=(width, height)))


def _stored(data: bytes, decoded: Reduced) -> Stored | None:
    """None where a second reader does not follow the first one."""
    try:
        return read_stored(data, decoded.header, decoded.whole)
    except UnreadableImage:
        return None


def _identity(decoded: Reduced, inventory: Inventory, stored: Stored | None) -> str:
    """What two `identical` files have in common: pixels, every one of them, what is stored and not shown (depth, the
    colour below transparency, numbers that share a colour), and how their colours are to be shown.

    "" for a file that holds more than its picture (frames, a video), or one single colour: only the same bytes are
    identical to it.
    """
    if inventory.unknown or inventory.extras or stored is None or is_plain(decoded.picture):
        return ""
    marks = stored.marks
    if decoded.full is not None:
        marks += f" in full {pixel_digest(decoded.full)}"
    elif decoded.divisor > 1:  # seen at reduced scale alone
        return ""
    digest = pixel_digest(decoded.picture)
    if inventory.colour or marks:
        digest = hashlib.sha256(f"{digest} {sorted(inventory.colour)} {marks}".encode()).hexdigest()
    return digest
