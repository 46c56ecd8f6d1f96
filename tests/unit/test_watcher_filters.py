import pytest

from shared.ignored import ignores
from shared.settings import Settings, load_settings
from watcher.filters import admits, suffix_of, suffix_reason


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


def suffixes(value: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("IMAGESIEVE_SUFFIXES", value)
    return load_settings()


def test_suffixes_as_the_settings_give_them(monkeypatch: pytest.MonkeyPatch) -> None:
    some = suffixes("JPG, .png .", monkeypatch).suffixes
    assert [path for path in ("a.jpg", "a.PNG", "hash", "a.txt", "a.") if admits(path, some)] == [
        "a.jpg",
        "a.PNG",
        "hash",
        "a.",
    ]
    assert not admits("hash", suffixes("jpg", monkeypatch).suffixes)
    assert all(admits(path, suffixes("*", monkeypatch).suffixes) for path in ("a.jpg", "a.txt", "hash"))


def test_the_reason_names_the_suffix_and_the_setting() -> None:
    assert suffix_reason("a/notes.TXT") == "not read: its suffix .txt is not among IMAGESIEVE_SUFFIXES"
    assert suffix_reason("hash") == 'not read: its name has no suffix, and "." is not among IMAGESIEVE_SUFFIXES'
    assert "\n" not in suffix_reason("a.b\nc")
    suffix_reason("a.\udcff").encode()  # fit to be printed
