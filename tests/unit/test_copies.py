"""Names of copies, as programs, phones and people write them."""

import pytest

from worker.engine.groups.copies import count_copy_marks, is_copy_folder

COPIES = (
    "IMG_2031 (1).jpg", "IMG_2031(2).JPG", "photo (12).png", "Copy of IMG_2031.jpg", "copy (2) of IMG_2031.jpg",
    "IMG_2031 - Copy.jpg", "IMG_2031 - Copy (2).jpg", "IMG_2031 copy.jpg", "IMG_2031 copy 2.jpg", "IMG_2031_copy.jpg",
    "IMG_2031 - Kopie.jpg", "IMG_2031 - Kopie (3).jpg", "Kopie von IMG_2031.jpg", "IMG_2031 copia.jpg",
    "Copia de IMG_2031.jpg", "IMG_2031 - copie.jpg", "Copie de IMG_2031.jpg", "Cópia de IMG_2031.jpg",
    "IMG_2031 — копия.jpg", "Копия IMG_2031.jpg", "IMG_2031 - コピー.jpg", "IMG_2031 - 副本.jpg", "IMG_2031副本.jpg",
    "IMG_2031-edited.jpg", "IMG_2031-bearbeitet.jpg", "IMG_2031 (Edited).jpg", "IMG_E2031.JPG", "IMG_2031~2.jpg",
    "IMG-20240101-WA0001.jpg", "WhatsApp Image 2024-01-01 at 12.00.00.jpeg", "signal-2024-01-01-120000.jpg",
    "photo_2024-01-01_12-00-00.jpg", "received_1234567890.jpeg", "FB_IMG_1704110400000.jpg", "mmexport1704110400.jpg",
    "12345678_987654321_1122334455_n.jpg", "Screenshot_20240101-120000.png", "Screenshot 2024-01-01 at 12.00.00.png",
    "Screenshot of IMG_2031.png", "Bildschirmfoto 2024-01-01.png", "Schermata 2024-01-01.png", "Zrzut ekranu (1).png",
    "IMG_2031 2.jpg", "IMG_2031-1.jpg", "IMG_2031_1.jpg", "photo-1024x768.jpg", "photo-scaled.jpg",
    "IMG_2031_resized.jpg", "IMG_2031-upscaled.png", "thumb_IMG_2031.jpg", "resized_IMG_2031.jpg", "unnamed.jpg",
    "IMG_2031_compressed.jpg", "IMG_2031 duplicate.jpg",
)  # fmt: skip
OWN = (
    "IMG_2031.jpg", "DSC_0001.NEF", "DSC00012.ARW", "P1010001.JPG", "_MG_1234.CR2", "20240101_120000.jpg",
    "PXL_20240101_120000123.jpg", "IMG_20240101_120000.jpg", "DJI_0001.DNG", "2024-01-01.jpg",
    "2024-01-01 12.00.00.jpg", "GOPR0042.JPG",
    "Copenhagen.jpg", "copyright.png", "kopiert.jpg", "Editha.jpg", "Anna edits.jpg", "photo1.jpg", "a.jpg",
    "scan-001.tif",    "IMG_2031", "minuet.jpg", "screen door.jpg", "whatsup.jpg",
)  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_names_of_copies_are_known(name: str) -> None:
    assert count_copy_marks(name) >= 1


@pytest.mark.parametrize("name", OWN)
def test_names_of_their_own_are_left_alone(name: str) -> None:
    assert count_copy_marks(name) == 0


def test_a_copy_of_a_copy_has_more_marks() -> None:
    names = ("a.jpg", "a (1).jpg", "Copy of a (1).jpg", "Copy of a (1) (1).jpg")
    assert [count_copy_marks(name) for name in names] == [0, 1, 2, 3]
    assert [count_copy_marks(name) for name in ("copy.jpg", "(1).jpg", "")] == [0, 1, 0]


@pytest.mark.parametrize(
    "folder", ["Backup", "2024/backup-2023/Trip", "Downloads", "WhatsApp Images/Sent", "Kopie von 2024"]
)
def test_folders_of_copies_are_known(folder: str) -> None:
    assert is_copy_folder(folder)


@pytest.mark.parametrize("folder", ["", "2024/Trip", "Backupland", "Holden", "Sentinel", "Oldenburg"])
def test_other_folders_are_not(folder: str) -> None:
    assert not is_copy_folder(folder)
