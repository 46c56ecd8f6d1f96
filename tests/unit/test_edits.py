"""Edited copies: what size they have, what they change and leave, and what they are to their original."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from shared.records import Relation
from worker.engine.edits import additions, compositions, screens, shapes, tones
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, attacked, edited
from worker.engine.edits.scenes import scene
from worker.engine.picture.decode import decode

HEIGHT, WIDTH = 240, 320
ALL = (*ATTACKS, *HARD_ATTACKS)


@pytest.fixture(scope="module")
def photo():
    return cv2.resize(load_sample_image("china.jpg"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def random(seed=1):
    return np.random.default_rng(seed)


def sides(picture):
    return picture.shape[1], picture.shape[0]


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_a_copy_is_a_picture_that_follows_from_its_name(photo, attack, upright):
    original = np.ascontiguousarray(np.rot90(photo)) if upright else photo
    before = original.copy()
    copy = attack.edit(original, random())
    assert copy.dtype == np.uint8
    assert copy.ndim == 3
    assert copy.shape[2] == 3
    assert min(copy.shape[:2]) >= 60
    assert np.array_equal(original, before)
    assert edited(original, attack, "one") == edited(original, attack, "one")


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_every_edit_takes_tiny_pictures_and_panoramas(attack):
    for shape in ((40, 40), (30, 400)):
        picture = random().integers(0, 256, (*shape, 3), np.uint8)
        assert decode(edited(picture, attack, "one"), 10_000_000).size


def test_names_of_attacks_are_all_different():
    assert len({attack.name for attack in ALL}) == len(ALL)


def test_calibration_measures_the_34_known_edits():
    assert len(ATTACKS) == 34
    assert len(HARD_ATTACKS) == 36


def test_something_added_makes_a_variant_and_all_else_is_near():
    variants = [attack.name for attack in ALL if attack.relation is Relation.VARIANT]
    assert sorted(variants) == [
        "caption", "caption+half", "emoji", "emojis", "filled-up", "half-darker", "meme", "on-another", "overlay",
        "phone", "rounded-frame", "screen-bars", "screenshot", "screenshot+mirror", "sticker", "stripes",
        "stripes-thin", "text", "under-another", "watermark",
    ]  # fmt: skip


def test_the_page_on_quality_names_every_edit_with_what_is_right():
    page = (Path(__file__).parents[2] / "docs/quality.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.endswith(("| near |", "| variant |"))]
    named = {name: right for names, _, right in rows for name in names.split(", ")}
    assert named == {attack.name: attack.relation.value for attack in ALL}


def test_another_name_gives_another_page_and_another_attack_nothing_of_it(photo):
    screenshot = next(attack for attack in HARD_ATTACKS if attack.name == "screenshot")
    assert edited(photo, screenshot, "one") != edited(photo, screenshot, "other")
    assert [attack.name for attack, _ in attacked(photo, "one")] == [attack.name for attack in ATTACKS]
    assert [(attack.name, data) for attack, data in attacked(photo, "one", [screenshot])] == [
        ("screenshot", edited(photo, screenshot, "one"))
    ]


@pytest.mark.parametrize(
    ("edit", "size"),
    [
        (shapes.reshaped(2.2), (475, 162)),
        (shapes.reshaped(0.5), (226, 339)),
        (shapes.cornered(0.6), (192, 144)),
        (shapes.centred(0.5), (160, 120)),
        (shapes.tilted(45), (169, 169)),
        (shapes.tilted(15), (285, 172)),
        (shapes.photographed(50), (320, 240)),
        (additions.padded(0.3), (512, 384)),
        (additions.squared, (320, 320)),
        (additions.rounded, (352, 272)),
        (additions.titled, (320, 490)),
        (compositions.filled_up, (427, 240)),
        (compositions.on_another, (1024, 768)),
        (compositions.under_another(0.5), (320, 240)),
        (screens.on_website, (1280, 800)),
        (screens.on_phone, (720, 1520)),
        (screens.between_bars, (320, 271)),
    ],
)
def test_sizes(photo, edit, size):
    assert sides(edit(photo, random())) == size


def test_a_tilted_copy_has_no_empty_corner():
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for degrees in (5, 15, 30, 45, 60, 85):
        for picture in (white, np.ascontiguousarray(np.rot90(white))):
            assert shapes.tilted(degrees)(picture, random()).min() > 200


def test_a_corner_is_a_corner_and_the_middle_the_middle(photo):
    corners = [photo[:144, :192], photo[:144, -192:], photo[-144:, :192], photo[-144:, -192:]]
    seen = {
        next(place for place, corner in enumerate(corners) if np.array_equal(copy, corner))
        for copy in (shapes.cornered(0.6)(photo, random(seed)) for seed in range(20))
    }
    assert seen == {0, 1, 2, 3}
    assert np.array_equal(shapes.centred(0.5)(photo, random()), photo[60:180, 80:240])


def test_stripes_cover_half_of_the_picture_and_leave_the_other_half(photo):
    copy = additions.striped()(photo, random())
    white = (copy == 255).all(axis=2)
    assert white.mean() == pytest.approx(0.5, abs=0.02)
    assert (white.all(axis=1) | ~white.any(axis=1)).mean() > 0.95  # across, from edge to edge
    assert np.array_equal(copy[~white], photo[~white])


def test_pixels_are_shuffled_and_none_is_lost(photo):
    copy = tones.shuffled(0.10)(photo, random())
    moved = (copy != photo).any(axis=2).mean()
    assert 0.05 < moved <= 0.10
    assert np.array_equal(np.sort(copy.reshape(-1, 3).sum(axis=1)), np.sort(photo.reshape(-1, 3).sum(axis=1)))


def test_half_of_a_picture_is_left_as_it_is(photo):
    for seed in range(8):
        changed = (compositions.halved(tones.toned(0.5))(photo, random(seed)) != photo).any(axis=2)
        quarters = [changed[:120, :160], changed[:120, 160:], changed[120:, :160], changed[120:, 160:]]
        assert sorted(bool(quarter.any()) for quarter in quarters) == [False, False, True, True]


@pytest.mark.parametrize(
    ("edit", "width", "height"),
    [
        (screens.on_website, 640, 480),
        (screens.on_phone, 720, 540),
        (screens.between_bars, 320, 240),
        (compositions.filled_up, 320, 240),
        (compositions.on_another, 512, 384),
        (additions.titled, 320, 240),
    ],
)
def test_the_whole_picture_stands_in_the_copy(photo, edit, width, height):
    copy = edit(photo, random())
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR)
    assert cv2.matchTemplate(copy, small, cv2.TM_CCOEFF_NORMED).max() > 0.98


def test_smileys_cover_what_they_are_said_to_cover(photo):
    covered = [(additions.smiling(1, 0.15)(photo, random(seed)) != photo).any(axis=2).mean() for seed in range(9)]
    disc = np.pi * (0.15 * HEIGHT / 2) ** 2 / (HEIGHT * WIDTH)
    assert max(covered) == pytest.approx(disc, rel=0.25)


def test_tones_change_what_they_say(photo):
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    assert tones.contrasted(0.5)(photo, random()).std() < 0.6 * photo.std()
    assert tones.faded(0.5)(photo, random()).min() >= 127
    turned = cv2.cvtColor(tones.hue_turned(25)(photo, random()), cv2.COLOR_RGB2HSV)
    moved = (turned[..., 0].astype(int) - cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)[..., 0]) % 180
    vivid = turned[..., 1] > 100
    assert abs(np.median(np.minimum(moved, 180 - moved)[vivid]) - 12.5) < 1.5  # OpenCV counts in steps of two degrees
    sharp = cv2.cvtColor(tones.sharpened(3)(photo, random()), cv2.COLOR_RGB2GRAY)
    assert cv2.Laplacian(sharp, cv2.CV_64F).var() > 4 * cv2.Laplacian(grey, cv2.CV_64F).var()
    blocks = tones.pixelated(0.2)(photo, random())
    assert len(np.unique(blocks.reshape(-1, 3), axis=0)) <= 64 * 48


def test_scenes_are_all_different_and_follow_from_their_seed():
    one, again, other = scene(120, 160, random()), scene(120, 160, random()), scene(120, 160, random(2))
    assert np.array_equal(one, again)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.5
