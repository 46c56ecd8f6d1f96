"""Which file stays, in everyday cases: small real files, described as the stream does, then ranked by the default."""

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.records import Kind
from shared.records.nature import Coding, Nature, parse_nature
from shared.setting_checks import KEEPER_CRITERIA, KEEPER_FORMATS
from tests.unit.report_parts import ORDER
from worker.engine.groups.groups import Duplicate, Group, Member
from worker.engine.groups.keepers import FolderRules, rank_keepers, word_rule
from worker.engine.groups.rules import name_rules
from worker.engine.sketch.impression import take_impression

PHOTO = Image.fromarray(load_sample_image("china.jpg")).resize(
    (320, 214), Image.Resampling.LANCZOS
)  # no JPEG's any more
RANK = rank_keepers(ORDER)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmp:Rating="4"/></x:xmpmeta>'


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.copy().save(out, name, **options)
    return out.getvalue()


def exif(size: tuple[int, int] = PHOTO.size, place: bool = True) -> Image.Exif:
    block = Image.Exif()
    block[0x010F], block[0x0110] = "Maker", "Phone 12"
    block.get_ifd(0x8769).update({0x9003: "2024:05:01 10:00:00", 0xA002: size[0], 0xA003: size[1]})
    if place:
        block.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0)})
    return block


SHOT = saved(PHOTO, "JPEG", quality=88, exif=exif())
BARE = saved(PHOTO, "JPEG", quality=88)
PIXELS = Image.open(io.BytesIO(SHOT)).convert("RGB")  # what anybody who opens it sees
SMALL, CROPPED = PIXELS.resize((200, 134)), PIXELS.crop((10, 10, 300, 200))


def deep() -> bytes:
    values = np.asarray(PHOTO).astype(np.uint16)[..., ::-1] * 257 + np.arange(320, dtype=np.uint16)[None, :, None] % 97
    return cv2.imencode(".tif", values)[1].tobytes()


def member(path: str, data: bytes, mtime_ns: int = 5) -> Member:
    facts = take_impression(data, 10**8).facts
    return Member(
        path, str(hash(data)), len(data), facts.width, facts.height, mtime_ns, facts.content, holds=facts.holds,
        nature=facts.nature,
    )  # fmt: skip


def larger(image: Image.Image, times: float) -> Image.Image:
    return image.resize((int(image.width * times), int(image.height * times)), Image.Resampling.BICUBIC)


CASES: dict[str, tuple[Mapping[str, bytes], str]] = {  # files, the right one first; what decides
    "a BMP made from a JPEG": ({"IMG_1.jpg": SHOT, "IMG_1.bmp": saved(PIXELS, "BMP")}, "format"),
    "a BMP of a JPEG without EXIF": (
        {"a/1.jpg": BARE, "1.bmp": saved(Image.open(io.BytesIO(BARE)), "BMP")},
        "format",
    ),
    "a CMYK conversion": (
        {"IMG_1.jpg": SHOT, "print.jpg": saved(PIXELS.convert("CMYK"), "JPEG", quality=97, exif=exif())}, "format",
    ),
    "a CMYK TIFF": ({"IMG_1.jpg": SHOT, "print.tif": saved(PIXELS.convert("CMYK"), "TIFF")}, "format"),
    "a downloaded duplicate in the root": ({"2024/Trip/IMG_2031.jpg": SHOT, "IMG_2031 (1).jpg": SHOT}, "name"),
    "photo (1).jpg": ({"photo.jpg": SHOT, "photo (1).jpg": SHOT}, "name"),
    "a copy by WhatsApp": (
        {"2024/IMG_1.jpg": SHOT, "WhatsApp/IMG-20240501-WA0001.jpg": saved(SMALL, "JPEG", quality=70)},
        "pixels",
    ),
    "an edited crop": (
        {"IMG_1.jpg": SHOT, "IMG_1-edited.jpg": saved(CROPPED, "JPEG", quality=99, exif=exif())},
        "pixels",
    ),
    "a TIFF developed from raw": ({"IMG_1.tif": deep(), "IMG_1.jpg": SHOT}, "holds"),
    "a TIFF of 8 bits developed from raw": (
        {"IMG_1.tif": saved(PHOTO, "TIFF", exif=exif()), "IMG_1.jpg": SHOT}, "format",
    ),
    "a screenshot of the photo": (
        {"IMG_1.jpg": SHOT, "Screenshot_20240501-100000.png": saved(PIXELS.resize((180, 120)), "PNG")}, "pixels",
    ),
    "an enlarged copy that kept its EXIF": (
        {"IMG_1.jpg": SHOT, "IMG_1-upscaled.jpg": saved(larger(PIXELS, 2), "JPEG", quality=95, exif=exif())},
        "sharpness",
    ),
    "a copy in a backup": ({"2024/Trip/IMG_1.jpg": SHOT, "Backup/2024/Trip/IMG_1.jpg": SHOT}, "depth"),
    "a PNG of a JPEG": ({"IMG_1.jpg": SHOT, "IMG_1.png": saved(PIXELS, "PNG")}, "format"),
    "a PNG of a JPEG that kept its EXIF": (
        {"IMG_1.jpg": SHOT, "IMG_1.png": saved(PIXELS, "PNG", exif=exif())}, "format",
    ),
    "a copy without its EXIF": ({"z/IMG_1.jpg": SHOT, "IMG_1.jpg": saved(PIXELS, "JPEG", quality=88)}, "format"),
    "a copy without its place": (
        {"z/IMG_1.jpg": SHOT, "IMG_1.jpg": saved(PHOTO, "JPEG", quality=88, exif=exif(place=False))}, "metadata",
    ),
    "a copy without its stars": (
        {"z/1.jpg": saved(PHOTO, "JPEG", quality=88, exif=exif(), xmp=XMP), "1.jpg": SHOT}, "metadata",
    ),
    "a JPEG saved again in finer steps": (
        {"IMG_1.jpg": SHOT, "a.jpg": saved(PIXELS, "JPEG", quality=99, exif=exif())}, "format",
    ),
    "a JPEG compressed again": (
        {"z/1.jpg": SHOT, "1.jpg": saved(PIXELS, "JPEG", quality=50, exif=exif())}, "sharpness",
    ),
    "a WebP of a JPEG": ({"1.jpg": BARE, "1.webp": saved(PHOTO, "WEBP", quality=99)}, "format"),
    "a screenshot and its JPEG": (
        {"Screenshot 1.png": saved(PHOTO, "PNG"), "1.jpg": saved(PHOTO, "JPEG", quality=97)}, "format",
    ),
    "one that is filed": ({"2024/Trip/IMG_1.jpg": SHOT, "IMG_1.jpg": SHOT}, "depth"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_right_file_stays_and_the_rule_says_why(case: str) -> None:
    files, rule = CASES[case]
    members = [member(path, data) for path, data in files.items()]
    for order in (members, members[::-1]):
        keeper, *others = sorted(order, key=RANK)
        assert keeper == members[0], [str(one.nature) for one in members]
        assert RANK.rule(keeper, others) == rule


def test_a_renamed_copy_gives_way_to_the_older_one() -> None:
    assert min([member("Beach.jpg", SHOT, 9), member("IMG_2031.jpg", SHOT, 1)], key=RANK).path == "IMG_2031.jpg"


def test_an_enlargement_without_a_word_of_it_is_not_known() -> None:
    """What docs/acting.md says: nothing in such a file tells it from one that was always so large."""
    files = [member("IMG_1.jpg", SHOT), member("large.jpg", saved(larger(PIXELS, 2), "JPEG"))]
    assert min(files, key=RANK).path == "large.jpg"


HEIC = Member("h.heic", "h", 1, 10, 10, 5, holds="a picture coded as HEIC", nature="heic camera place")
RAW = Member("r.dng", "r", 1, 10, 10, 5, holds="the sensor's values", nature="raw unread")
JPEG = Member("j.jpg", "j", 9, 10, 10, 1, nature="jpeg camera place rated step=2")
OLD = Member("o.jpg", "o", 5, 10, 10, 3)


def test_formats_stand_in_the_order_that_is_set() -> None:
    by_format = ("format", "path")
    assert [one.path for one in sorted([JPEG, HEIC, RAW], key=rank_keepers(by_format))] == ["r.dng", "h.heic", "j.jpg"]
    turned = rank_keepers(by_format, formats=("jpeg", *(name for name in KEEPER_FORMATS if name != "jpeg")))
    assert min([JPEG, HEIC, RAW], key=turned) == JPEG
    assert min([HEIC, JPEG], key=RANK) == HEIC


def test_what_is_not_known_stands_in_the_middle() -> None:
    bare, conversion = (dataclasses.replace(JPEG, path=words, nature=words) for words in ("jpeg step=5", "jpeg cmyk"))
    for word, better, worse in (
        ("format", JPEG, bare), ("format", HEIC, conversion), ("metadata", JPEG, bare),
        ("undamaged", JPEG, dataclasses.replace(JPEG, path="odd", nature="jpeg odd")),
        ("sharpness", JPEG, dataclasses.replace(JPEG, path="coarse", nature="jpeg step=40")),
    ):  # fmt: skip
        assert [one.path for one in sorted([worse, OLD, better], key=rank_keepers((word,)))] == [
            better.path, OLD.path, worse.path,
        ]  # fmt: skip
    raw = dataclasses.replace(OLD, path="r", holds="the sensor's values")
    assert min([raw, HEIC], key=rank_keepers(("format",))) == raw  # known without any nature


natures = st.one_of(st.just(""), st.builds(
    lambda *parts: str(Nature(*parts)), st.sampled_from(Coding), *[st.booleans()] * 8,
    st.integers(0, 3), st.integers(0, 3),
))  # fmt: skip
some_files = st.lists(
    st.builds(
        Member, path=st.sampled_from(["a", "a (1)", "b/a", "Backup/a", "b/c", "copy of c", "d"]), digest=st.just("d"),
        bytes=st.integers(0, 2), width=st.integers(1, 2), height=st.integers(1, 2), mtime_ns=st.integers(0, 2),
        holds=st.sampled_from(["", "16 bits", "a video"]), nature=natures,
    ),
    unique_by=lambda file: file.path, min_size=2,
)  # fmt: skip


@given(some_files, st.permutations(KEEPER_CRITERIA), st.permutations(KEEPER_FORMATS), st.randoms())
def test_the_rank_is_total_and_the_order_of_arrival_does_not_matter(files, order, formats, random) -> None:
    rank = rank_keepers(order, FolderRules(("b",)), tuple(formats))
    assert len({rank(file) for file in files}) == len(files)
    ranked = sorted(files, key=rank)
    shuffled = random.sample(files, len(files))
    assert sorted(shuffled, key=rank) == ranked
    rule = rank.rule(ranked[0], ranked[1:])
    assert rule == rank.rule(ranked[0], ranked[:0:-1])
    assert rule in ("folder", *KEEPER_CRITERIA)
    assert word_rule(rule)
    assert rank.rule(ranked[-1], ranked[:-1]) == "page"


@given(natures)
def test_a_nature_comes_back_from_its_words(words: str) -> None:
    found = parse_nature(words)
    assert str(found or "") == words
    assert parse_nature(f"{words} hologram x=7" if words else "hologram") == found


def test_the_rule_of_a_group_is_that_of_the_best_of_the_others_or_the_users() -> None:
    def group(keeper: Member, *others: Member) -> Group:
        return Group(1, keeper, tuple(Duplicate(one, Kind.NEAR, 0.9) for one in others))

    found = list(name_rules([group(HEIC, JPEG, OLD), group(JPEG, HEIC), group(OLD, HEIC)], RANK, {"o"}))
    assert [one.rule for one in found] == ["holds", "page", "chosen"]
    assert [word_rule(one.rule) for one in found[1:]] == ["the others show it on a page", "you chose it"]
    twin = dataclasses.replace(JPEG, ctime_ns=3, inode=4)
    linked = dataclasses.replace(twin, path="jj.jpg")
    [one] = name_rules([group(twin, linked, dataclasses.replace(OLD, nature=JPEG.nature))], RANK)
    assert one.rule == "bytes"
    [one] = name_rules([group(twin, linked)], RANK)
    assert one.rule == "shortest"
