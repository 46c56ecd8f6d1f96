"""What holds more than another file that looks the same: it is said, decides who stays, and goes for nothing less."""

import base64
import io
import struct
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.records import ImageFacts, Kind, Match, pair_of
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import rank_keepers
from worker.engine.groups.savings import count_savings
from worker.engine.groups.verified import tell_kind, verified_groups
from worker.engine.proof.sameness import compare_files
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8
PHOTO = Image.fromarray(load_sample_image("china.jpg")).resize((96, 64))
OTHER = Image.fromarray(load_sample_image("flower.jpg")).resize((96, 64))
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\1\0mdat" + bytes(range(248))
XMP = b"http://ns.adobe.com/xap/1.0/\0"
RANK = rank_keepers(("pixels", "holds", "bytes", "oldest", "shortest", "path"))


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.copy().save(out, name, **options)  # Pillow keeps the settings of one format for the next
    return out.getvalue()


def moving(name: str, *frames: Image.Image, **options: Any) -> bytes:
    return saved(PHOTO, name, save_all=True, append_images=[frame.copy() for frame in frames or [OTHER]], **options)


def segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def deep(low: int) -> bytes:
    return cv2.imencode(".png", np.asarray(PHOTO.convert("L")).astype(np.uint16) * 256 + low)[1].tobytes()


def clear(below: str) -> Image.Image:
    """A photo of which the left is cut out, and what is left there."""
    image, alpha = PHOTO.convert("RGBA"), Image.new("L", PHOTO.size, 255)
    image.paste(below, (0, 0, 40, 64))
    alpha.paste(0, (0, 0, 40, 64))
    image.putalpha(alpha)
    return image


STILL = saved(PHOTO, "JPEG", quality=90)
GAIN = segment(STILL, 0xE1, XMP + b'<rdf hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>')
DEPTH = b'<x GDepth:Data="' + base64.b64encode(bytes(3000)) + b'"/>'
SECOND = saved(OTHER, "JPEG")
# The file that holds more, the one that looks like it, and what the first one holds.
KINDS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "a motion photo of Google's": (lambda: segment(STILL, 0xE1, XMP + b"Motion") + VIDEO, lambda: STILL, "a video"),
    "of Samsung's": (lambda: STILL + b"\0\0\x30\x0aMotionPhoto_Data" + VIDEO + b"SEFT", lambda: STILL, "a video"),
    "beside a larger still": (lambda: STILL + VIDEO, lambda: saved(PHOTO, "JPEG", quality=98), "a video"),
    "a gain map": (lambda: GAIN + SECOND, lambda: STILL, "a gain map"),
    "a gain map by ISO 21496": (
        lambda: segment(STILL, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0") + SECOND, lambda: STILL, "a gain map"),
    "a gain map and a video": (lambda: GAIN + SECOND + VIDEO, lambda: GAIN, "a gain map and a video"),
    "a second view": (lambda: segment(STILL, 0xE2, b"MPF\0MM\0*") + SECOND, lambda: STILL, "a second picture"),
    "a depth map in XMP": (lambda: segment(STILL, 0xE1, XMP + DEPTH), lambda: STILL, "a depth map in its XMP"),
    "a file in XMP": (
        lambda: segment(STILL, 0xE1, XMP + b"<x:y>" + b"A" * 9000 + b"</x:y>"), lambda: STILL, "a file in its XMP"),
    "a depth map in an extension": (
        lambda: segment(STILL, 0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + DEPTH), lambda: STILL,
        "a depth map in an XMP extension"),
    "a GIF that moves": (lambda: moving("GIF"), lambda: saved(PHOTO, "GIF"), "2 frames"),
    "a PNG that moves": (lambda: moving("PNG"), lambda: saved(PHOTO, "PNG"), "frames of an animation"),
    "a WebP that moves": (
        lambda: moving("WEBP", lossless=True), lambda: saved(PHOTO, "WEBP", lossless=True), "frames of an animation"),
    "an AVIF that moves": (lambda: moving("AVIF"), lambda: saved(PHOTO, "AVIF"), "frames of an animation"),
    "a fax with pages": (lambda: moving("TIFF"), lambda: saved(PHOTO, "TIFF"), "more pages"),
    "an icon of two sizes": (
        lambda: saved(PHOTO.convert("RGBA"), "ICO", sizes=[(16, 16), (64, 64)]),
        lambda: saved(PHOTO.convert("RGBA"), "ICO", sizes=[(64, 64)]), "2 pictures"),
    "16 bits": (lambda: deep(7), lambda: saved(PHOTO.convert("L"), "PNG"), "16 bits"),
    "transparency": (lambda: saved(clear("white"), "PNG"), lambda: saved(clear("white").convert("RGB"), "PNG"),
                     "transparency"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_what_holds_more_is_not_identical_and_goes_for_nothing_less(name: str) -> None:
    make_more, make_less, held = KINDS[name]
    more, less = make_more(), make_less()
    one, other = take_impression(more, PIXELS).facts, take_impression(less, PIXELS).facts
    assert one.pixels != other.pixels
    assert held in one.holds
    assert held not in other.holds
    assert any(held in words for words in compare_files(less, more, PIXELS).more)
    assert compare_files(more, less, PIXELS).more == ()


# Files of which neither holds what the other one does.
APART: dict[str, tuple[Callable[[], bytes], Callable[[], bytes]]] = {
    f"{name}, other frames": (
        lambda name=name: moving(name, OTHER), lambda name=name: moving(name, PHOTO.rotate(90)))  # type: ignore[misc]
    for name in ("GIF", "PNG", "WEBP", "AVIF", "TIFF")
} | {
    f"{name}, other durations": (
        lambda name=name: moving(name, OTHER, duration=80),  # type: ignore[misc]
        lambda name=name: moving(name, OTHER, duration=400))  # type: ignore[misc]
    for name in ("GIF", "PNG", "WEBP")
} | {
    "another video": (lambda: STILL + VIDEO, lambda: STILL + VIDEO + b"more of it"),
    "another second view": (lambda: STILL + SECOND, lambda: STILL + saved(OTHER, "JPEG", quality=20)),
    "heights that share the upper byte": (lambda: deep(7), lambda: deep(9)),
    "another colour below transparency": (lambda: saved(clear("red"), "PNG"), lambda: saved(clear("blue"), "PNG")),
    "another profile": (
        lambda: saved(PHOTO, "PNG", icc_profile=bytes(36) + b"acsp" + bytes(88)),
        lambda: saved(PHOTO, "PNG", icc_profile=bytes(36) + b"acsp" + bytes(87) + b"\1")),
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_neither_of_two_that_differ_beside_their_picture_goes_for_the_other(name: str) -> None:
    one, other = (make() for make in APART[name])
    assert take_impression(one, PIXELS).facts.pixels != take_impression(other, PIXELS).facts.pixels
    assert compare_files(one, other, PIXELS).more
    assert compare_files(other, one, PIXELS).more


def icon(shape: str) -> np.ndarray:
    values = np.full((64, 64, 4), 255, np.uint8)
    values[..., 3] = 0
    if shape == "square":
        values[10:50, 20:40, 3] = 255
    else:
        cv2.circle(alpha := np.zeros((64, 64), np.uint8), (32, 32), 20, 255, -1)
        values[..., 3] = alpha
    return values


def mapped(shape: str, name: str) -> bytes:
    image = Image.fromarray((icon(shape)[..., 3] > 0).astype(np.uint8)).convert("P")
    image.putpalette([255, 255, 255] * 256)
    return saved(image, name, transparency=0)


@pytest.mark.parametrize("name", ["PNG", "WEBP", "ICO", "TIFF", "GIF"])
def test_white_icons_on_transparency_are_not_the_same_pixels(name: str) -> None:
    options = {"lossless": True} if name == "WEBP" else {}

    def made(shape: str) -> bytes:
        return mapped(shape, name) if name == "GIF" else saved(Image.fromarray(icon(shape)), name, **options)

    square, circle = (take_impression(made(shape), PIXELS).facts for shape in ("square", "circle"))
    assert square.pixels != circle.pixels
    assert compare_files(made("square"), made("circle"), PIXELS).against


def test_an_edited_copy_may_hold_less_and_its_words_go_by_name() -> None:
    small = saved(PHOTO.resize((48, 32)), "JPEG", quality=60, comment=b"small")
    proof = compare_files(STILL + VIDEO, small, PIXELS)
    assert proof.more == ()
    assert proof.lost == ("its comment",)
    assert compare_files(saved(PHOTO.convert("L"), "PNG"), STILL, PIXELS).more == ("its colours",)


def member(path: str, digest: str, holds: str = "", size: int = 100, width: int = 10) -> Member:
    return Member(path, digest, size, width, 10, 1, holds=holds)


def test_what_holds_more_stays_and_the_reason_says_what() -> None:
    motion, still = member("z.jpg", "m", holds="a video"), member("a.jpg", "s", size=900)
    matches = {pair_of("m", "s"): Match(0.99, "same picture")}
    [group] = verified_groups([motion, still], {}, matches, lambda *_: None, RANK)
    assert group.keeper == motion
    assert group.duplicates[0].reason == "same picture; its keeper holds a video besides"
    larger = member("a.jpg", "s", width=20)
    [group] = verified_groups([motion, larger], {}, matches, lambda *_: None, RANK)
    assert group.keeper == larger
    assert group.duplicates[0].reason == "same picture; it holds a video, its keeper does not"
    holds = {"m": "a video", "s": "2 frames"}
    assert tell_kind("m", "s", {}, Match(1.0, "x"), holds)[1].reason == "x; it holds 2 frames, its keeper a video"


def facts(*said: str) -> ImageFacts:
    return ImageFacts(10, 10, "p", said=" ".join(["picture", *said]))


@pytest.mark.parametrize(
    ("keeper", "other", "frees", "may_free"),
    [
        (facts("date", "camera"), facts("date"), 100, 0),
        (facts("date"), facts("date", "camera"), 0, 0),
        (facts(), facts(), 100, 0),
        (ImageFacts(10, 10, "p"), facts(), 0, 100),
        (facts(), ImageFacts(10, 10, "p"), 0, 100),
    ],
)
def test_what_can_be_freed_is_what_loses_nothing(
    keeper: ImageFacts, other: ImageFacts, frees: int, may_free: int
) -> None:
    """An earlier version did not look at what is said of a picture."""
    files = [member("a", "k", size=200), member("b", "o")]
    pixels = {"k": "p", "o": "p"}
    groups = verified_groups(files, pixels, {}, lambda *_: None, RANK, {"k": keeper, "o": other})
    [group] = count_savings(groups, lambda _: False)
    [found] = group.duplicates
    assert (found.kind, found.frees, found.may_free) == (Kind.IDENTICAL, frees, may_free)


def test_the_marks_of_what_is_said_agree_with_the_proof() -> None:
    exif = Image.Exif()
    exif[0x0132] = "2019:01:02 03:04:05"
    made = Image.open(io.BytesIO(STILL))
    files = [STILL, segment(STILL, 0xFE, b"by me"), saved(made, "PNG"), saved(made, "BMP"),
             saved(made, "PNG", exif=exif), segment(STILL, 0xE1, XMP + b"<x/>")]  # fmt: skip
    seen = [take_impression(data, PIXELS).facts for data in files]
    assert len({one.pixels for one in seen}) == 1
    for keeper, one in zip(files, seen, strict=True):
        for other, two in zip(files, seen, strict=True):
            proof = compare_files(keeper, other, PIXELS)
            assert two.loses_nothing_to(one) is (not proof.lost and not proof.against)


def test_a_picture_of_its_own_kind_says_nothing_that_is_compared() -> None:
    assert take_impression(STILL + VIDEO, PIXELS).facts.said == ""
