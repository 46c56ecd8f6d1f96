"""What is the same after all: copies as they are made of pages, screens, products and photos, and photos with
something laid over a place of them.
"""

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np

from tests.hard import (
    covers,
    documents,
    measurements,
    pages,
    papers,
    products,
    scenes,
    screens,
    sheets,
    signs,
    specimens,
    surfaces,
    views,
    wardrobe,
)
from tests.hard.case import Draw, Dress, Edit, Picture, Recipe, Relation, recipes
from tests.hard.dress import CLEAN, SCANNED
from tests.hard.nature import landscape, photo
from worker.engine.edits.additions import (
    captioned,
    framed,
    letterboxed,
    overlaid,
    smiling,
    stickered,
    striped,
    titled,
    written_over,
)
from worker.engine.edits.shapes import cropped, mirrored, scaled, turned
from worker.engine.edits.tones import blurred, saturated, toned, unchanged


def jpeg(quality: int) -> Dress:
    return Dress("jpeg", None, ".jpg", quality)


def first_of(draw: Draw) -> Callable[[np.random.Generator], Picture]:
    """The first picture of a kind of hard case: what copies are made of."""

    def drawn(random: np.random.Generator) -> Picture:
        return draw(random)[0]

    return drawn


def with_copy(original: Callable[[np.random.Generator], Picture], edit: Edit = unchanged) -> Draw:
    """The original and its copy."""

    def drawn(random: np.random.Generator) -> list[Picture]:
        picture = original(random)
        return [picture, edit(picture, random)]

    return drawn


def laid_again(picture: Picture, random: np.random.Generator) -> Picture:
    """On the scanner a second time: half a pixel further, 0.3 degrees askew."""
    height, width = picture.shape[:2]
    move = cv2.getRotationMatrix2D((width / 2, height / 2), 0.3, 1.0)
    move[:, 2] += 0.5
    paper = tuple(int(level) for level in picture[2, 2])
    edge = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": paper}
    return np.asarray(cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_CUBIC, **edge), np.uint8)


def china(_: np.random.Generator) -> Picture:
    return photo("china.jpg")


def flower(_: np.random.Generator) -> Picture:
    return photo("flower.jpg")


def hills(random: np.random.Generator) -> Picture:
    return landscape(random, 800, 540)


PHOTOS: Final = {"china": china, "flower": flower, "hills": hills}
PAGES: Final = {
    "form": documents.forms,
    "written-form": documents.written_forms,
    "letter": documents.letters,
    "typescript": documents.typewritten,
    "certificate": documents.certificates,
    "receipt": papers.receipts,
    "ticket": papers.tickets,
    "identity-card": papers.identity_cards,
    "book-page": pages.books,
    "sheet-music": pages.scores,
    "crossword": pages.crosswords,
    "drawing": pages.dimensioned,
    "answer-sheet": sheets.answer_sheets,
    "cardiogram": sheets.cardiograms,
    "fingerprint": specimens.fingerprints,
}
SCREENS: Final = {
    "dashboard": screens.dashboards,
    "spreadsheet": screens.spreadsheets,
    "chat": screens.chats,
    "editor": screens.editors,
    "terminal": screens.terminals,
    "settings": screens.settings,
    "slide": covers.slides,
    "slide-over-a-photo": covers.slides_over_a_photo,
    "map": pages.maps,
    "chart": pages.charts,
    "oscilloscope": measurements.oscilloscopes,
    "qr-code": papers.qr_codes,
    "lock-screen": views.lock_screens,
    "desktop": views.desktops,
    "radar": views.radars,
}
GOODS: Final = {
    "shirt": products.printed_shirts,
    "red-shirt": products.coloured_shirts,
    "jeans": products.jeans,
    "dark-trousers": products.dark_trousers,
    "sofa": products.sofas,
    "mug": products.mugs,
    "catalogue-shirt": wardrobe.shirt_range,
    "catalogue-black-trousers": wardrobe.two_black,
    "catalogue-jeans": wardrobe.washes,
    "catalogue-dress": wardrobe.printed_dresses,
    "gauge": measurements.gauges,
    "slice": measurements.slices,
    "collage": covers.collages,
    "book-cover": covers.book_covers,
    "whiteboard": covers.whiteboards,
    "sky-with-watermark": scenes.watermarked_skies,
    "photo-in-a-frame": scenes.framed_photos,
    "night-sky": scenes.night_skies,
    "gel": specimens.gels,
    "watch": specimens.watches,
    "retina": specimens.retinas,
    "palette": specimens.palettes,
    "defect": surfaces.defects,
    "stamp": signs.stamps,
}
COPIES: Final[dict[str, tuple[Edit, int]]] = {
    "jpeg-30": (unchanged, 30),
    "quarter": (scaled(0.25), 90),
    "clipped": (toned(1.5, 25), 90),
    "cropped": (cropped(0.1), 90),
    "blurred": (blurred, 90),
    "grey": (saturated(0.0), 90),
    "darker": (toned(0.6), 90),
    "mirrored": (mirrored, 90),
    "turned": (turned(1), 90),
    "framed": (framed, 90),
    "letterboxed": (letterboxed, 90),
}
ADDITIONS: Final[dict[str, Edit]] = {
    "caption": captioned,
    "sticker": stickered,
    "stripes": striped(),
    "words": written_over,
    "smileys": smiling(3, 0.15),
    "panel": overlaid,
    "title": titled,
}


def _recipe(name: str, draw: Draw, relation: Relation, *dresses: Dress) -> Recipe:
    return Recipe(name, name, draw, relation, dresses)


def _near() -> Iterator[Recipe]:
    for name, draw in PAGES.items():
        yield _recipe(f"{name}-scanned-twice", with_copy(first_of(draw), laid_again), "near", SCANNED)
    for name, draw in SCREENS.items():
        yield _recipe(f"{name}-saved-as-jpeg", with_copy(first_of(draw)), "near", CLEAN, jpeg(75))
    for name, draw in GOODS.items():
        yield _recipe(f"{name}-sent-on", with_copy(first_of(draw), scaled(0.8)), "near", jpeg(92), jpeg(60))
    for name, original in PHOTOS.items():
        for word, (edit, quality) in COPIES.items():
            yield _recipe(f"{name}-{word}", with_copy(original, edit), "near", jpeg(92), jpeg(quality))
    invoice = with_copy(first_of(documents.invoices), scaled(0.5))
    yield from recipes("invoice-at-half-the-resolution", invoice, "near", CLEAN, SCANNED)


def _variants() -> Iterator[Recipe]:
    for name, original in PHOTOS.items():
        for word, edit in ADDITIONS.items():
            yield _recipe(f"{name}-with-{word}", with_copy(original, edit), "variant", jpeg(92))


RECIPES: Final[tuple[Recipe, ...]] = (*_near(), *_variants())
