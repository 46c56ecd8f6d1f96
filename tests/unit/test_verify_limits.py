"""Copies that were once refused, and pictures that must stay refused: by the edits that quality is measured with."""

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageFilter

from shared.records import Relation
from tests.unit.photos import PHOTOS
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, edited
from worker.engine.edits.tones import pixelated
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode
from worker.engine.sketch.sketch import describe

BY_NAME = {attack.name: attack for attack in (*ATTACKS, *HARD_ATTACKS)}


def relation(one: Picture, other: Picture) -> Relation | None:
    sketches = describe(one), describe(other)
    proposal = propose(*sketches, Thresholds())
    found = confirm((one, other), sketches, proposal, Thresholds()) if proposal else None
    return found.relation if found else None


def copied(photo: Picture, edit: str, name: str) -> Picture:
    return decode(edited(photo, BY_NAME[edit], name), 10**8)


def thumbnail(photo: Picture) -> Picture:
    side = 180 / max(photo.shape[:2])
    return np.asarray(cv2.resize(photo, None, fx=side, fy=side, interpolation=cv2.INTER_AREA), np.uint8)


def grey(photo: Picture) -> Picture:
    return np.dstack([photo] * 3)


EVEN = {"moon": grey(skimage.data.moon())}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("half", range(4))
def test_a_photo_of_which_one_half_was_made_darker_is_a_variant(name: str, half: int) -> None:
    photo = PHOTOS[name]
    darker = photo.copy()
    turned = np.rot90(darker, half)
    turned[: len(turned) // 2] //= 2
    assert relation(photo, darker) is Relation.VARIANT
    assert relation(darker, photo) is Relation.VARIANT


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("edit", ["text", "half-darker"])
def test_what_was_added_to_a_thumbnail_is_seen_too(name: str, edit: str) -> None:
    photo = thumbnail(PHOTOS[name])
    assert relation(photo, copied(photo, edit, name)) is not Relation.NEAR


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("edit", ["corner-36", "perspective-50", "pixelated", "sharpened"])
def test_a_part_a_leaning_view_or_a_mosaic_is_near(name: str, edit: str) -> None:
    assert relation(PHOTOS[name], copied(PHOTOS[name], edit, name)) is Relation.NEAR


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("edit", ["emoji", "emojis", "stripes", "under-another", "on-another"])
def test_what_lies_on_a_photo_or_around_it_makes_a_variant(name: str, edit: str) -> None:
    assert relation(PHOTOS[name], copied(PHOTOS[name], edit, name)) is Relation.VARIANT


@pytest.mark.parametrize("name", EVEN)
@pytest.mark.parametrize("edit", ["caption", "sticker", "text"])
def test_a_photo_on_an_even_ground_has_variants_too(name: str, edit: str) -> None:
    assert relation(EVEN[name], copied(EVEN[name], edit, name)) is Relation.VARIANT


def grained_page(words: str, seed: int) -> Picture:
    """A page that was scanned: its paper has the grain of that scan."""
    page = np.full((700, 560), 235, np.uint8)
    for line in range(12):
        text = words if line == 5 else "of the minutes that we have"
        cv2.putText(page, text, (40, 80 + 45 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 30, 2, cv2.LINE_AA)
    noise = np.random.default_rng(seed).normal(0, 3, page.shape)
    return grey(np.clip(page.astype(np.float32) + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("seed", [1, 2])
def test_other_words_make_another_page_even_in_the_same_scan(seed: int) -> None:
    assert relation(grained_page("of 4711 ducks", 1), grained_page("of 1984 geese", seed)) is None
    assert relation(grained_page("to be paid: 171", 1), grained_page("to be paid: 177", seed)) is None
    assert relation(grained_page("", 1), grained_page("to be paid: 177", seed)) is None


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("radius", "percent"), [(1, 300), (2, 150), (5, 100)])
def test_a_sharpened_photo_is_the_same_one_however_wide_its_halos_are(name: str, radius: int, percent: int) -> None:
    photo = PHOTOS[name]
    sharpened = np.asarray(Image.fromarray(photo).filter(ImageFilter.UnsharpMask(radius, percent, 0)))
    assert relation(photo, sharpened) is Relation.NEAR
    assert relation(sharpened, photo) is Relation.NEAR


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("share", [0.2, 0.15])
def test_a_pixelated_photo_is_the_same_one(name: str, share: float) -> None:
    photo = PHOTOS[name]
    blocks = pixelated(share)(photo, np.random.default_rng(0))
    assert relation(photo, blocks) is Relation.NEAR
    assert relation(blocks, photo) is Relation.NEAR


def test_of_pixelated_pages_nothing_is_said() -> None:
    page = grained_page("to be paid: 171", 1)
    assert relation(page, pixelated(0.2)(page, np.random.default_rng(0))) is not Relation.NEAR
