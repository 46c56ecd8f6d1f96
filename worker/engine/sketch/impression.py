"""What is made of an image's bytes, once: the picture, and what is kept of it."""

import hashlib
from dataclasses import dataclass

from shared.errors import UnreadableImage
from shared.records import ImageFacts
from worker.engine.picture.bars import content_pixels
from worker.engine.picture.decode import Picture, Reduced, decode_reduced
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.sameness import is_plain
from worker.engine.proof.stored import may_have_map, read_marks
from worker.engine.sketch.sketch import Sketch, describe, pixel_digest


@dataclass(frozen=True, slots=True)
class Impression:
    """facts: size and digest of the pixels. picture: as `decode_reduced` gives it."""

    facts: ImageFacts
    picture: Picture
    sketch: Sketch


def take_impression(data: bytes, max_pixels: int) -> Impression:
    """Look at the bytes of an image file. About 15 ms for a megapixel, 100 for a JPEG of 12. Errors as `decode`."""
    decoded = decode_reduced(data, max_pixels, in_full=True)
    picture, width, height = decoded.picture, decoded.width, decoded.height
    content = content_pixels(picture)
    bars = content < picture.shape[0] * picture.shape[1]
    facts = ImageFacts(width, height, _identity(data, decoded), content * decoded.divisor**2 if bars else 0)
    return Impression(facts, picture, describe(picture, size=(width, height)))


def _identity(data: bytes, decoded: Reduced) -> str:
    """What two `identical` files have in common: pixels, what is stored and not shown of them (depth, the
    colour below transparency, numbers that share a colour), and how their colours are to be shown.

    For a file that holds more than its picture (frames, a video), or one single colour, it is unique to the file: only
    the same bytes are identical to it.
    """
    inventory = take_inventory(data, decoded.header.format)
    own = hashlib.sha256(data).hexdigest()
    if inventory.unknown or inventory.extras or is_plain(decoded.picture):
        return own
    marks = ""
    if not decoded.whole or may_have_map(data, decoded.header):
        try:
            marks = read_marks(data, decoded.header, decoded.whole)
        except UnreadableImage:  # a second reader does not follow the first one
            return own
    digest = pixel_digest(decoded.picture)
    if decoded.full is not None:
        marks += f" in full {pixel_digest(decoded.full)}"
    elif decoded.divisor > 1:  # seen at reduced scale alone
        return own
    if inventory.colour or marks:
        digest = hashlib.sha256(f"{digest} {sorted(inventory.colour)} {marks}".encode()).hexdigest()
    return digest
