"""The decision: edited copies are near, what was added to is a variant, everything else is neither."""

import itertools

import cv2
import numpy as np
import pytest
import skimage.data

from shared.records import Relation
from tests.unit.photos import PHOTOS
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.sketch.sketch import describe

DEFAULT = Thresholds()
STRICT = Thresholds(whole=True)
WORDS = [
    "the", "of", "and", "to", "in", "is", "you", "that", "it", "he", "was", "for", "on", "are", "as", "with", "his",
    "they", "at", "be", "this", "have", "from", "or", "one", "had",
]  # fmt: skip


def decide(first, second, thresholds=DEFAULT):
    """Both steps, as the verdict writer takes them."""
    return decide_described((first, describe(first)), (second, describe(second)), thresholds)


def decide_described(first, second, thresholds=DEFAULT):
    """The same for pairs of a picture and its sketch."""
    pictures, sketches = (first[0], second[0]), (first[1], second[1])
    proposal = propose(*sketches, thresholds)
    return confirm(pictures, sketches, proposal, thresholds) if proposal else None


def are_near(first, second):
    found = decide(first, second)
    return found is not None and found.relation is Relation.NEAR


def saved(picture, suffix=".jpg", *settings):
    data = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)[1]
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def toned(picture, gain, offset=0):
    return np.clip(picture * gain + offset, 0, 255).astype(np.uint8)


def covered(picture, top, left, height, width, colour):
    result = picture.copy()
    result[top : top + height, left : left + width] = colour
    return result


def shuffled(picture, share):
    """A share of the pixels, each in the place of another one of them."""
    random = np.random.default_rng(9)
    rows, columns = np.nonzero(random.random(picture.shape[:2]) < share)
    others = random.permutation(len(rows))
    result = picture.copy()
    result[rows, columns] = picture[rows[others], columns[others]]
    return result


EDITS = {
    "jpeg-10": (lambda p: saved(p, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 10), "same picture"),
    "half": (lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), "same picture, half size"),
    "quarter": (
        lambda p: cv2.resize(p, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA),
        "same picture, quarter size",
    ),
    "crop": (lambda p: p[p.shape[0] // 5 :, p.shape[1] // 5 :], "same picture, cropped to 6"),
    "darker": (lambda p: toned(p, 0.6), "same picture"),
    "grey": (lambda p: np.dstack([cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)] * 3), "same picture"),
    "noise": (lambda p: toned(p, 1, np.random.default_rng(3).normal(0, 15, p.shape)), "same picture"),
    "blur": (lambda p: cv2.GaussianBlur(p, (0, 0), 2), "same picture"),
    "letterbox": (
        lambda p: cv2.copyMakeBorder(p, 60, 60, 0, 0, cv2.BORDER_CONSTANT),
        "same picture, filling 7|same picture, filling 8",
    ),
    "mirror": (lambda p: p[:, ::-1].copy(), "same picture, mirrored"),
    "quarter turn": (lambda p: np.rot90(p, -1).copy(), "same picture, rotated 90 degrees"),
    "upside down": (lambda p: p[::-1].copy(), "same picture, flipped upside down"),
    "stretch": (lambda p: cv2.resize(p, None, fx=1.15, fy=1), "same picture"),
    "narrowed": (lambda p: cv2.resize(p, None, fx=0.45, fy=1, interpolation=cv2.INTER_AREA), "same picture"),
    "single pixels elsewhere": (lambda p: shuffled(p, 0.1), "same picture"),
    "mirror and crop": (
        lambda p: p[:, ::-1][p.shape[0] // 5 :, p.shape[1] // 5 :].copy(),
        "same picture, cropped to 6",
    ),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_the_same_picture(name, edit):
    apply, words = EDITS[edit]
    match = decide(PHOTOS[name], apply(PHOTOS[name]))
    assert match is not None
    assert match.relation is Relation.NEAR
    assert match.similarity >= DEFAULT.similarity
    assert match.reason.startswith(tuple(words.split("|")))
    assert (match.share, match.places) == (0.0, ())


@pytest.mark.parametrize(("name", "ground"), list(itertools.permutations(PHOTOS, 2)))
def test_a_photo_on_another_one_is_held_by_it_and_no_copy_in_a_frame(name, ground):
    """However busy the two are: a page that passed for a copy would be kept for its many pixels."""
    photo = PHOTOS[name]
    page = cv2.resize(PHOTOS[ground], (photo.shape[1] * 8 // 5, photo.shape[0] * 8 // 5))
    top, left = photo.shape[0] // 4, photo.shape[1] // 5
    page[top : top + photo.shape[0], left : left + photo.shape[1]] = photo
    match = decide(photo, saved(page))
    assert match is not None
    assert match.relation is Relation.VARIANT


CHANGES = {
    "caption": (lambda p: covered(p, int(p.shape[0] * 0.86), 0, p.shape[0], p.shape[1], 0), "at the bottom"),
    "sticker": (
        lambda p: covered(p, p.shape[0] // 20, p.shape[1] // 20, p.shape[0] // 4, p.shape[1] // 4, (230, 40, 40)),
        "at the upper left",
    ),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_covered_in_a_place_is_a_variant_that_says_where(name, change):
    apply, where = CHANGES[change]
    match = decide(PHOTOS[name], apply(PHOTOS[name]))
    assert match is not None
    assert match.relation is Relation.VARIANT
    assert match.reason.startswith("differs in ")
    assert match.reason.endswith(where)
    assert 0.02 < match.share < 0.25
    for left, top, right, bottom in match.places:
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("edit", EDITS)
def test_strictly_only_whole_and_unturned_copies_are_near(name, edit):
    apply, _ = EDITS[edit]
    whole = edit in {
        "jpeg-10", "half", "quarter", "darker", "grey", "noise", "blur", "stretch", "narrowed",
        "single pixels elsewhere",
    }  # fmt: skip
    match = decide(PHOTOS[name], apply(PHOTOS[name]), STRICT)
    assert (match is not None and match.relation is Relation.NEAR) == whole
    assert whole or match is None


def test_strictly_a_whole_picture_with_a_caption_is_a_variant_and_a_mirrored_one_nothing():
    captioned = CHANGES["caption"][0](PHOTOS["coffee"])
    assert decide(PHOTOS["coffee"], captioned, STRICT).relation is Relation.VARIANT
    assert decide(PHOTOS["coffee"], captioned[:, ::-1].copy(), STRICT) is None


@pytest.mark.parametrize("name", ["text", "flower", "china", "chelsea"])
@pytest.mark.parametrize("scale", [1 / 2, 1 / 3, 1 / 4])
def test_a_smaller_copy_is_not_called_tilted(name, scale):
    photo = skimage.color.gray2rgb(skimage.data.text()) if name == "text" else PHOTOS[name]
    small = saved(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), ".jpg")
    for match in (decide(photo, small), decide(small, photo)):
        assert match is not None
        assert "tilted" not in match.reason


@pytest.mark.parametrize("degrees", [-5, 3])
@pytest.mark.parametrize("scale", [1, 0.5])
def test_a_tilted_copy_is_called_so(degrees, scale):
    photo = PHOTOS["coffee"]
    height, width = photo.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    tilted = cv2.warpAffine(photo, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    match = decide(photo, cv2.resize(tilted, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    assert match is not None
    assert f"tilted by {abs(degrees)} degrees" in match.reason


def test_the_transform_leads_from_the_first_to_the_second():
    photo = PHOTOS["coffee"]
    found = propose(describe(photo), describe(photo[:, ::-1].copy()), DEFAULT)
    assert np.allclose(found.transform[:2, :2] / found.transform[2, 2], [[-1, 0], [0, 1]], atol=0.02)


def test_different_photos_never_match():
    described = [(photo, describe(photo)) for photo in PHOTOS.values()]
    for first, second in itertools.combinations(described, 2):
        assert decide_described(first, second) is None


def page(seed, words=None):
    """A page of text with a common heading: same layout, other words."""
    random = np.random.default_rng(seed)
    picture = np.full((700, 560, 3), 255, np.uint8)
    cv2.putText(picture, "Minutes of the meeting", (40, 60), cv2.FONT_HERSHEY_DUPLEX, 1, (20, 20, 20), 2, cv2.LINE_AA)
    lines = words or [" ".join(random.choice(WORDS, 6)) for _ in range(14)]
    for number, line in enumerate(lines):
        at = (40, 120 + 40 * number)
        cv2.putText(picture, line, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (30, 30, 30), 1, cv2.LINE_AA)
    return picture


def test_pages_that_share_a_layout_are_different():
    for first, second in itertools.combinations([page(seed) for seed in range(4)], 2):
        assert decide(first, second) is None


def test_one_other_word_makes_another_page_but_not_another_encoding():
    lines = [" ".join(np.random.default_rng(5).choice(WORDS, 6)) for _ in range(14)]
    other = [*lines[:6], lines[6].rsplit(" ", 1)[0] + " 4711", *lines[7:]]
    assert decide(page(0, lines), page(0, other)) is None
    assert are_near(page(0, lines), saved(page(0, lines), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 60))
    assert are_near(page(0, lines), cv2.resize(page(0, lines), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def product(colour, label):
    """A product on white."""
    picture = np.full((500, 400, 3), 255, np.uint8)
    cv2.rectangle(picture, (110, 80), (290, 460), colour, -1)
    cv2.rectangle(picture, (160, 30), (240, 80), (60, 60, 60), -1)
    cv2.rectangle(picture, (110, 200), (290, 330), (245, 240, 225), -1)
    for line, text in enumerate(["Original", label, "500 ml", "made of fruit"]):
        at = (120, 225 + 30 * line)
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 20, 20), 2, cv2.LINE_AA)
    return picture


def test_products_that_differ_in_colour_or_label_are_different():
    red = product((200, 40, 40), "Cherry")
    assert decide(red, product((40, 60, 200), "Cherry")) is None
    assert decide(red, product((200, 40, 40), "Tomato")) is None
    assert are_near(red, saved(red))


def test_frames_of_a_pan_are_different_but_for_a_step():
    photo = PHOTOS["china"]
    frames = [photo[:, start : start + 480] for start in (0, 3, 48, 96)]
    assert are_near(frames[0], frames[1])
    assert decide(frames[0], frames[2]) is None
    assert decide(frames[0], frames[3]) is None


@pytest.mark.parametrize("texture", ["brick", "grass", "gravel"])
def test_parts_of_one_texture_are_different(texture):
    whole = np.dstack([getattr(skimage.data, texture)()] * 3)
    assert decide(whole[:256, :256], whole[256:, 256:]) is None


def test_pictures_without_corners_never_match():
    rows = np.linspace(100, 180, 300)[:, None, None]
    sky = np.broadcast_to(rows, (300, 400, 3)).astype(np.uint8)
    assert decide(sky, sky[::-1].copy()) is None
    assert decide(sky, np.full((300, 400, 3), 140, np.uint8)) is None


def test_one_other_word_is_seen_in_a_smaller_copy_too():
    lines = [" ".join(np.random.default_rng(5).choice(WORDS, 6)) for _ in range(14)]
    other = page(0, [*lines[:6], lines[6].rsplit(" ", 1)[0] + " 4711", *lines[7:]])
    assert decide(page(0, lines), cv2.resize(other, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)) is None


def blotches(seed, height=300, width=420):
    """A picture without corners: soft blotches, as a clouded sky or a photo out of focus has them."""
    random = np.random.default_rng(seed)
    shade = cv2.GaussianBlur(random.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 25)
    return np.clip(np.array([90, 120, 170]) + 25 * (shade / shade.std())[..., None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda p: saved(p, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 60), "same picture"),
        (lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), "same picture, half size"),
        (lambda p: p[:, ::-1].copy(), "same picture, mirrored"),
        (lambda p: np.rot90(p, -1).copy(), "same picture, rotated 90 degrees"),
        (lambda p: np.rot90(p[:, ::-1], 1).copy(), "same picture, mirrored, rotated 270 degrees"),
        (lambda p: toned(p, 0.7), "same picture"),
    ],
)
def test_a_whole_copy_of_a_picture_without_corners_is_the_same(edit, words):
    assert len(describe(blotches(1)).keypoints) == 0
    assert decide(blotches(1), edit(blotches(1))).reason == words


def test_different_pictures_without_corners_never_match():
    pictures = [blotches(seed, *((300, 420) if seed % 2 else (360, 360))) for seed in range(40)]
    for first, second in itertools.combinations([(picture, describe(picture)) for picture in pictures], 2):
        assert decide_described(first, second) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_plain_colour_shows_nothing_to_go_by(level):
    plain = np.full((300, 400, 3), level, np.uint8)
    assert decide(plain, blotches(1)) is None
    assert decide(plain, plain) is None


def vignetted(picture):
    y, x = np.indices(picture.shape[:2])
    squared = (2 * y / picture.shape[0] - 1) ** 2 + (2 * x / picture.shape[1] - 1) ** 2
    return (picture * (1 - 0.38 * squared)[..., None]).astype(np.uint8)


@pytest.mark.parametrize("name", [name for name in PHOTOS if name != "china"])  # whose sky goes black
def test_a_vignette_leaves_it_the_same_picture(name):
    assert are_near(PHOTOS[name], vignetted(PHOTOS[name]))


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_made_too_bright_is_no_page(name):
    assert are_near(PHOTOS[name], toned(PHOTOS[name], 1.6))


def test_what_a_copy_of_a_page_does_not_resolve_does_not_make_it_the_same():
    lines = [" ".join(np.random.default_rng(5).choice(WORDS, 6)) for _ in range(14)]
    other = page(0, [*lines[:6], lines[6].rsplit(" ", 1)[0] + " 4711", *lines[7:]])
    for share in (0.25, 0.2):
        small = cv2.resize(other, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        assert decide(page(0, lines), small) is None
    assert decide(page(0, lines), cv2.GaussianBlur(other, (0, 0), 4)) is None


def test_a_page_with_noise_is_still_a_page():
    noise = np.random.default_rng(7).normal(0, 15, page(0).shape)
    lines = [" ".join(np.random.default_rng(5).choice(WORDS, 6)) for _ in range(14)]
    other = page(0, [*lines[:6], lines[6].rsplit(" ", 1)[0] + " 4711", *lines[7:]])
    assert decide(page(0, lines), toned(other, 1, noise)) is None


def test_similarity_does_not_depend_on_the_order():
    photo = PHOTOS["astronaut"]
    copy = photo[60:, 60:].copy()
    there, back = decide(photo, copy), decide(copy, photo)
    assert there.similarity == pytest.approx(back.similarity, abs=0.03)
    assert there.reason.startswith("same picture, cropped to 7")
    assert back.reason.startswith("same picture, filling 7")


@pytest.mark.parametrize("gain", [0.6, 1.35])
def test_a_stretched_copy_matches_one_that_is_lit_otherwise(gain):
    photo = skimage.data.coffee()
    stretched = cv2.resize(photo, None, fx=1.15, fy=1)
    lit = np.clip(photo * gain, 0, 255).astype(np.uint8)
    assert are_near(stretched, lit)
