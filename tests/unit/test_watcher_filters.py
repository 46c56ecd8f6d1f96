import pytest

from shared.admission import Why
from shared.errors import SettingsError
from shared.ignored import ignores
from shared.settings import load_settings
from shared.suffixes import NO_PICTURES, VIDEOS, suffix_of


@pytest.mark.parametrize(
    "path",
    [
        ".hidden.jpg",
        "album/.hidden/photo.jpg",
        "._photo.jpg",
        ".~lock.photo.odt#",
        "~$report.docx",
        ".photo.jpg.Xa81bC",
        "photo.jpg.part",
        "photo.jpg.PART",
        "photo.jpg.crdownload",
        "photo.jpg.partial",
        "photo.tmp",
        "photo.jpg~",
        "photo.jpg.download/photo.jpg",
        "@eaDir/photo.jpg/SYNOPHOTO_THUMB_XL.jpg",
        "album/#recycle/photo.jpg",
        "lost+found/photo.jpg",
        "$RECYCLE.BIN/photo.jpg",
        "Thumbs.db",
        "album/Desktop.ini",
        ".DS_Store",
        "Icon\r",
        "Mine.photoslibrary/resources/derivatives/masters/0/a.jpeg",
        "Mine.photoslibrary/private/a.jpg",
        "Old.aplibrary/Thumbnails/a.jpg",
        "Lightroom/Previews.lrdata/a.jpg",
        "Lightroom/Smart Previews.lrdata/0/a.dng",
        "data/appdata_oc1x2y3z/preview/a/7/512-512.jpg",
        "@Recycle/a.jpg",
        "photo.jpg.!sync",
        "photo.jpg.bc!",
        "photo.jpg.fdmdownload",
        "photo.jpg.downloading",
        "photo.jpg.xltd",
        "photo.jpg.td",
        "photo.jpg.sb-1f2e3d4c-AbC123",
        "photo.jpg.bak",
        "photo.jpg_original",
    ],
)
def test_hidden_partial_and_foreign_names_are_passed_over(path: str) -> None:
    assert ignores(path)


@pytest.mark.parametrize(
    "path",
    [
        "photo.jpg",
        "part.jpg",
        "partial",
        "album.tmp/photo.jpg",
        "backup~/photo.jpg",
        "holiday.part1.jpg",
        "desktop.ini.jpg",
        "lost+found.jpg",
        "a\nb.jpg",
        "\udcff\udcfe.jpg",
        "😀.png",
        "Mine.photoslibrary/originals/0/a.heic",
        "Old.aplibrary/Masters/2012/a.jpg",
        "resources/derivatives/a.jpg",
        "appdata/a.jpg",
        "lrdata/a.jpg",
        "photo.sb-.jpg",
        "the_original.jpg",
        "original",
        "a.jpg.original",
    ],
)
def test_names_of_a_user_are_not_passed_over(path: str) -> None:
    assert not ignores(path)


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("a/B.JPG", ".jpg"),
        ("abc-1", "."),
        ("name.", "."),
        ("3f786850e387550fdab836ed7e6dc881de23001b", "."),
        ("e3b0.c442", ".c442"),
        ("dotted.folder/name", "."),
        ("a.tar.gz", ".gz"),
    ],
)
def test_suffix(path: str, suffix: str) -> None:
    assert suffix_of(path) == suffix


@pytest.mark.parametrize(
    ("words", "path", "why"),
    [
        ("*", "a.jpg", None),
        ("*", "hash", None),
        ("*", "a.unknown", None),
        ("*", "a.NEF", None),
        ("*", "a.xmp", Why.SUFFIX),
        ("*", "a.JPG.json", Why.SUFFIX),
        ("*", "a.jpg.part", Why.NAME),
        ("*", "@eaDir/a.jpg", Why.NAME),
        ("* .json", "a.json", None),
        ("JPG, .png .", "a.jpg", None),
        ("JPG, .png .", "hash", None),
        ("JPG, .png .", "a.", None),
        ("JPG, .png .", "a.unknown", Why.SUFFIX),
        ("jpg", "hash", Why.SUFFIX),
    ],
)
def test_what_is_read_follows_from_its_suffix(words: str, path: str, why: Why | None) -> None:
    assert load_settings(suffixes=words).admission.refuses(path) is why


def test_suffixes_of_pictures_are_not_among_those_of_other_files() -> None:
    pictures = ".jpg .jpeg .png .gif .webp .tif .heic .avif .jxl .dng .nef .cr2 .cr3 .arw .raf .orf .rw2 .psd .svg .ico"
    assert NO_PICTURES.isdisjoint(pictures.split())
    assert VIDEOS < NO_PICTURES
    assert all(suffix == suffix_of(f"name{suffix}") for suffix in NO_PICTURES)


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        ("Screenshots/a.jpg", True),
        ("deep/Screenshots/er/a.jpg", True),
        ("Screenshots", False),
        ("a.gif", True),
        ("wanted.gif", False),
        ("Screenshots/wanted.gif", True),
        ("top/a.jpg", True),
        ("deep/top/a.jpg", False),
        ("a:b/c.jpg", True),
        ("\udcff\udcfe.gif", True),
        ("#1.jpg", True),
    ],
)
def test_patterns_are_gitignores(path: str, excluded: bool) -> None:
    settings = load_settings(exclude=r"Screenshots/:*.gif:!wanted.gif:/top/:a\:b/:\#1.jpg")
    assert settings.admission.refuses(path) is (Why.EXCLUDED if excluded else None)


def test_a_pattern_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"IMAGESIEVE_EXCLUDE is .*!"):
        load_settings(exclude="!")


@pytest.mark.parametrize(
    ("words", "path", "read", "by_bytes"),
    [
        (None, "a.MP4", True, True),
        (None, "a.jpg", True, False),
        (None, "a.zip", False, False),
        ("", "a.mp4", False, False),
        ("zip", "a.zip", True, True),
        ("zip", "a.mp4", False, False),
        ("gif", "a.gif", True, True),
        ("*", "a.zip", True, True),
        ("*", "a.jpg", True, False),
    ],
)
def test_what_is_compared_by_its_bytes(words: str | None, path: str, read: bool, by_bytes: bool) -> None:
    admission = (load_settings() if words is None else load_settings(exact_only=words)).admission
    assert (admission.refuses(path) is None) is read
    assert admission.takes_by_bytes(path) is by_bytes
