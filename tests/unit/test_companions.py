"""Which files belong together, by the names that cameras, phones, takeouts and programs give them."""

from dataclasses import replace

import pytest

from worker.engine.companions.belonging import DAY_NS, FolderFile, are_raw_and_picture, find_companions
from worker.engine.companions.names import families_of
from worker.engine.companions.suffixes import Role

NOON = 1_700_000_000 * 10**9
LONG = "20230814_191500_a long evening at the lake with Anna"  # 52 characters

# A picture; what goes with it; what is in the folder too, and does not.
TABLE = [
    # iPhones
    ("IMG_1234.HEIC", "IMG_1234.MOV", ""),
    ("IMG_1234.HEIC", "IMG_1234.MOV IMG_1234.AAE", "IMG_1235.MOV IMG_123.AAE"),
    ("IMG_1234.JPG", "IMG_1234.mov", ""),
    ("IMG_1234.HEIC", "IMG_1234.aae IMG_O1234.aae", ""),
    ("IMG_1234.JPG", "IMG_E1234.JPG IMG_1234.AAE IMG_O1234.AAE", "IMG_E1235.JPG"),
    ("IMG_1234.HEIC", "IMG_E1234.HEIC IMG_1234.MOV IMG_E1234.MOV", ""),
    ("IMG_1234.HEIC", "IMG_E1234.JPG", ""),
    ("IMG_E1234.JPG", "IMG_E1234.MOV IMG_E1234.AAE", "IMG_1234.HEIC"),
    ("IMG_E1234.JPG", "IMG_E1234.MOV", ""),
    ("IMG_1234.HEIC", "IMG_E1234.MOV", ""),
    ("IMG_1234.PNG", "IMG_1234.AAE", ""),
    ("IMG_1234 2.HEIC", "IMG_1234 2.MOV", "IMG_1234.HEIC IMG_1234.MOV"),
    ("IMG_1234 (1).HEIC", "IMG_1234 (1).MOV", "IMG_1234.HEIC IMG_1234.MOV"),
    ("IMG_1234(1).HEIC", "IMG_1234(1).MOV", "IMG_1234.MOV"),
    ("IMG_1234.HEIC", "IMG_1234_HEVC.MOV", ""),
    ("IMG_1234.HEIC", "IMG_1234.HEIC.MOV", ""),
    ("5FA2C1D0-1B2C-4D5E.heic", "5FA2C1D0-1B2C-4D5E.mov", "5FA2C1D0-1B2C-4D5F.mov"),
    ("img_1234.heic", "IMG_1234.MOV", ""),
    # raw and JPEG
    ("IMG_0001.JPG", "IMG_0001.CR2", "IMG_0002.CR2"),
    ("IMG_0001.JPG", "IMG_0001.CR3", ""),
    ("DSC_0001.JPG", "DSC_0001.NEF", ""),
    ("DSC00001.JPG", "DSC00001.ARW", ""),
    ("DSCF0001.JPG", "DSCF0001.RAF", ""),
    ("P1010001.JPG", "P1010001.ORF", ""),
    ("P1000001.JPG", "P1000001.RW2", ""),
    ("IMGP0001.JPG", "IMGP0001.PEF", ""),
    ("L1000001.JPG", "L1000001.DNG", ""),
    ("IMG_0001.HIF", "IMG_0001.CR3", ""),
    ("DSC_0001.jpg", "DSC_0001.nef DSC_0001.xmp", ""),
    ("DSC_0001.jpg", "DSC_0001.NEF DSC_0001.NEF.xmp", ""),
    ("DSC_0001.jpg", "DSC_0001.NEF DSC_0001_01.NEF.xmp", ""),
    ("DSC_0001.jpg", "DSC_0001.NEF.xmp", ""),  # the raw is gone
    ("DSC_0001.NEF", "DSC_0001.xmp", ""),
    ("DSC_0001.NEF", "DSC_0001.NEF.pp3 DSC_0001.NEF.dop", ""),
    ("DSC_0001-Edit.tif", "DSC_0001.NEF", ""),
    ("PXL_20230101_120000000.RAW-01.COVER.jpg", "PXL_20230101_120000000.RAW-02.ORIGINAL.dng", ""),
    ("PXL_20230101_120000000.RAW-01.MP.COVER.jpg", "PXL_20230101_120000000.RAW-02.ORIGINAL.dng", ""),
    ("IMG_20230101_120000.jpg", "IMG_20230101_120000.dng", ""),
    # sidecars
    ("IMG_1.jpg", "IMG_1.xmp", ""),
    ("IMG_1.jpg", "IMG_1.jpg.xmp", ""),
    ("IMG_1.jpg", "IMG_1.jpg.xmp", "IMG_1.png"),
    ("IMG_1.png", "", "IMG_1.jpg IMG_1.jpg.xmp"),
    ("IMG_1.jpg", "IMG_1.THM", ""),
    ("IMG_0001.JPG", "IMG_0001.WAV", ""),
    ("IMG_0001.JPG", "IMG_0001.VRD", ""),
    ("MVI_0001.AVI", "MVI_0001.THM", ""),
    ("photo.tar.jpg", "photo.tar.xmp", "photo.xmp"),
    ("Ünïcode.jpg", "U\u0308nïcode.xmp", ""),  # as macOS writes it
    ("no suffix", "", "no suffix.xmp"),
    ("IMG_1.jpg", "", "IMG_1.txt IMG_1.pdf IMG_1.jpg.part"),
    ("IMG_1.jpg", "", "IMG_10.xmp IMG_1x.xmp xIMG_1.xmp"),
    # takeouts
    ("IMG_1.jpg", "IMG_1.jpg.json", ""),
    ("IMG_1.jpg", "IMG_1.json", ""),
    ("IMG_1.jpg", "IMG_1.jpg.json", "metadata.json IMG_2.jpg.json"),
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json", ""),
    ("IMG_1.jpg", "IMG_1.jpg.supplemental-metad.json", ""),
    ("IMG_1.jpg", "IMG_1.jpg.suppl.json", "IMG_1.jpg.other.json"),
    ("IMG_1.jpg", "IMG_1.jpg.s.json", ""),
    ("IMG_1.jpg", "IMG_1.jpg..json", ""),
    ("IMG_1(1).jpg", "IMG_1.jpg(1).json", "IMG_1.jpg IMG_1.jpg.json"),
    ("IMG_1.jpg", "IMG_1.jpg.json", "IMG_1(1).jpg IMG_1.jpg(1).json"),
    ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json", "IMG_1.jpg IMG_1.jpg.supplemental-metadata.json"),
    ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-meta(2).json", ""),
    ("IMG_1(1).jpg", "IMG_1(1).jpg.json", ""),
    ("IMG_1.jpg", "IMG_1-edited.jpg IMG_1.jpg.json", ""),
    ("IMG_1(1).jpg", "IMG_1-edited(1).jpg IMG_1.jpg(1).json", "IMG_1.jpg IMG_1-edited.jpg"),
    ("IMG_1-edited.jpg", "IMG_1.jpg.json", ""),  # the original is gone
    ("IMG_1.HEIC", "IMG_1.MP4 IMG_1.HEIC.json", ""),
    ("IMG_1.HEIC", "IMG_1.MP4 IMG_1.MP4.json IMG_1.HEIC.supplemental-metadata.json", ""),
    (f"{LONG[:47]}.jpg", f"{LONG[:46]}.json", f"{LONG[:40]}!.jpg"),
    (f"{LONG[:47]}(1).jpg", f"{LONG[:46]}(1).json", f"{LONG[:47]}.jpg"),
    (f"{LONG[:33]}.jpg", f"{LONG[:33]}.jpg.supplemen.json", ""),
    (f"{LONG[:42]}.jpeg", f"{LONG[:42]}.jpe.json", ""),
    ("PXL_20230101_120000000.MP.jpg", "PXL_20230101_120000000.MP PXL_20230101_120000000.MP.jpg.json", ""),
    ("PXL_20230101_120000000.MP.jpg", "PXL_20230101_120000000.MP.mp4", ""),
    # edited pairs
    ("Foto.jpg", "Foto-bearbeitet.jpg", "Foto-neu.jpg"),
    ("Foto.jpg", "Foto-bearbeitet.jpg Foto-bearbeitet.xmp", ""),
    ("photo.jpg", "photo-modifié.jpg", ""),
    ("foto.jpg", "foto-editado.jpg", ""),
    ("foto.jpg", "foto-modificato.jpg", ""),
    ("foto.jpg", "foto-bewerkt.jpg", ""),
    ("foto.jpg", "foto-編集済み.jpg", ""),
    ("foto.jpg", "foto-edited.png", ""),
    ("foto.jpg", "foto_edited.jpg", "foto_editor.jpg"),
    ("foto.jpg", "foto (Edited).jpg", ""),
    ("IMG_20230101.jpg", "IMG_20230101~2.jpg", ""),
    ("IMG_1.jpg", "IMG_1-EFFECTS.jpg", "IMG_1-ANIMATION.gif"),
    ("PXL_1.PORTRAIT-02.ORIGINAL.jpg", "PXL_1.PORTRAIT-01.COVER.jpg", ""),
    ("-edited.jpg", "", ".jpg"),
]  # fmt: skip


def files(*names: str) -> list[FolderFile]:
    return [FolderFile(name, 9, NOON) for name in names]


def split(words: str) -> list[str]:
    """Names stand behind each other; those with blanks in them are told by their suffix."""
    found: list[str] = []
    for word in words.split(" ") if words else []:
        if found and "." not in found[-1]:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


@pytest.mark.parametrize(("picture", "companions", "others"), TABLE)
def test_what_goes_with_a_picture(picture: str, companions: str, others: str) -> None:
    going, staying = split(companions), split(others)
    folder = find_companions(files(picture, *going, *staying))
    assert folder.companions(picture) == sorted(going)
    assert folder.shared(picture) == {}


@pytest.mark.parametrize(("picture", "companions", "others"), TABLE)
def test_a_familys_names_are_enough_to_find_it(picture: str, companions: str, others: str) -> None:
    """Whoever reads but the names that share a key with a picture finds what whoever reads all names finds."""
    names = [picture, *split(companions), *split(others)]
    near = [name for name in names if families_of(name) & families_of(picture)]
    assert set(split(companions)) <= set(near)
    assert find_companions(files(*near)).companions(picture) == sorted(split(companions))


def test_the_table_is_long_enough() -> None:
    assert len({(picture, companions) for picture, companions, _ in TABLE if companions}) >= 60


def test_what_two_pictures_share_goes_with_both_or_stays() -> None:
    folder = find_companions(files("IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV", "IMG_1.MOV.xmp", "IMG_1.HEIC.json"))
    assert folder.companions("IMG_1.HEIC") == ["IMG_1.HEIC.json"]
    assert folder.shared("IMG_1.HEIC") == {"IMG_1.MOV": ("IMG_1.JPG",)}
    alone = find_companions(files("IMG_1.HEIC", "IMG_1.MOV", "IMG_1.MOV.xmp"))  # when the other one has gone
    assert alone.companions("IMG_1.HEIC") == ["IMG_1.MOV", "IMG_1.MOV.xmp"]


def test_an_edited_picture_that_stays_keeps_what_is_its_own() -> None:
    folder = find_companions(files("IMG_1234.JPG", "IMG_E1234.JPG", "IMG_E1234.MOV", "IMG_1234.AAE"))
    assert folder.companions("IMG_1234.JPG", without="IMG_E1234.JPG") == ["IMG_1234.AAE"]
    assert folder.shared("IMG_1234.JPG", without="IMG_E1234.JPG") == {}


def test_a_takeout_that_cut_two_names_to_one_shares_what_it_says() -> None:
    one, two, cut = f"{LONG[:46]}1.jpg", f"{LONG[:46]}2.jpg", f"{LONG[:46]}.json"
    assert find_companions(files(one, two, cut)).shared(one) == {cut: (two,)}


def test_names_that_differ_in_case_alone_are_two_pictures() -> None:
    assert find_companions(files("a.jpg", "A.JPG", "a.mov")).shared("a.jpg") == {"a.mov": ("A.JPG",)}


def later(file: FolderFile, days: float) -> FolderFile:
    return replace(file, mtime_ns=NOON + int(days * DAY_NS))


@pytest.mark.parametrize(
    ("name", "days"),
    [("IMG_1.MOV", 0.9), ("IMG_1.MOV", -0.9), ("IMG_1.CR2", -900), ("IMG_1-edited.jpg", 900), ("IMG_1.xmp", -900),
     ("IMG_1.AAE", 900)],
)  # fmt: skip
def test_times_that_a_companion_may_have(name: str, days: float) -> None:
    picture, other = files("IMG_1.jpg", name)
    assert find_companions([picture, later(other, days)]).companions("IMG_1.jpg") == [name]


@pytest.mark.parametrize(
    ("name", "days"), [("IMG_1.MOV", 2), ("IMG_1.MOV", -2), ("IMG_1.CR2", 2), ("IMG_1-edited.jpg", -2)]
)
def test_a_camera_that_counted_from_the_beginning_again_made_another_shot(name: str, days: float) -> None:
    picture, other = files("IMG_1.jpg", name)
    folder = find_companions([picture, later(other, days)])
    assert folder.companions("IMG_1.jpg") == []


def test_roles_and_who_belongs_to_whom() -> None:
    folder = find_companions(files("IMG_1234.JPG", "IMG_E1234.JPG", "IMG_1234.CR2", "IMG_1234.MOV", "IMG_1234.AAE"))
    assert folder.roles == {
        "IMG_1234.JPG": Role.PICTURE, "IMG_E1234.JPG": Role.EDIT, "IMG_1234.CR2": Role.RAW,
        "IMG_1234.MOV": Role.VIDEO, "IMG_1234.AAE": Role.SIDECAR,
    }  # fmt: skip
    assert folder.hosts["IMG_1234.CR2"] == folder.hosts["IMG_E1234.JPG"] == ("IMG_1234.JPG",)
    names = ["IMG_E1234.JPG", "IMG_1234.CR2", "IMG_1234.JPG"]
    assert folder.followers(names) == {"IMG_E1234.JPG", "IMG_1234.CR2"}
    assert folder.followers(names[:2]) == set()


def test_a_raw_and_its_picture_are_told_by_their_paths() -> None:
    assert are_raw_and_picture("a/IMG_1.CR2", "a/IMG_1.jpg")
    assert are_raw_and_picture("IMG_1.jpg", "IMG_1.dng")
    assert not are_raw_and_picture("a/IMG_1.CR2", "b/IMG_1.jpg")
    assert not are_raw_and_picture("a/IMG_1.CR2", "a/IMG_2.jpg")
    assert not are_raw_and_picture("a/IMG_1.CR2", "a/IMG_1.CR2")
    assert not are_raw_and_picture("a/IMG_1.png", "a/IMG_1.jpg")
