"""The demo's folder: what a user has there stays."""

import sys
from pathlib import Path

import pytest

from shared.cli.demo import DRAWN, claim_demo_folder, make_demo_folder, others
from shared.cli.demo_pictures import draw_landscape
from shared.errors import SettingsError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("inside", ["pictures/holiday.jpg", "pictures/china.jpg", "state/letter.txt", "state/watched"])
def test_folders_of_a_user_are_refused_and_nothing_is_made(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).parent.mkdir()
    (tmp_path / inside).write_text("a user's")
    with pytest.raises(SettingsError, match="holds files and was not made by this demo"):
        claim_demo_folder(tmp_path)
    assert contents(tmp_path) == {inside: b"a user's"}


def test_beside_the_folders_of_the_demo_there_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("a user's")
    (tmp_path / "pictures").mkdir()
    for _ in range(2):
        assert claim_demo_folder(tmp_path) == (tmp_path / "pictures", tmp_path / "state")
    assert (tmp_path / "notes.txt").read_text() == "a user's"


def test_a_second_demo_writes_nothing_again_and_knows_what_is_not_its_own(tmp_path: Path) -> None:
    pictures, _ = claim_demo_folder(tmp_path)
    made = make_demo_folder(pictures)
    assert len(made) == len(set(made)) == len(contents(pictures)) - 1  # the mark
    assert others(pictures, made) == []
    first = contents(pictures)
    (pictures / "china.jpg").write_text("a user's")  # under a name of the demo
    (pictures / "copies" / "holiday.jpg").write_text("a user's")
    (pictures / "notes.txt").unlink()
    claim_demo_folder(tmp_path)
    own = [file for file in made if file != pictures / "china.jpg"]
    assert make_demo_folder(pictures) == own
    changed = {"china.jpg", "copies/holiday.jpg"}
    assert {name for name, held in contents(pictures).items() if first.get(name) != held} == changed
    assert others(pictures, own) == [pictures / "china.jpg", pictures / "copies" / "holiday.jpg"]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"--folder is .*, which cannot be used: Not a directory"):
        claim_demo_folder(tmp_path / "file")


def test_where_no_photos_are_installed_pictures_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `uv tool install`: scikit-image is an extra."""
    monkeypatch.setitem(sys.modules, "skimage", None)
    made = make_demo_folder(tmp_path)
    drawn = [path for path in made if path.name.startswith("landscape") and path.parent == tmp_path]
    assert len(drawn) == DRAWN
    assert len({path.read_bytes() for path in drawn}) == DRAWN
    assert (tmp_path / "copies" / "copy of landscape 02.jpg").read_bytes() == (
        tmp_path / "landscape 02.jpg"
    ).read_bytes()
    assert (tmp_path / "edited" / "landscape 05, cropped.jpg").exists()
    assert {path.name for path in tmp_path.iterdir()} >= {"china.jpg", "flower.jpg"}  # scikit-learn's are always there
    assert others(tmp_path, made) == []


def test_a_drawn_picture_is_the_same_everywhere() -> None:
    picture = draw_landscape(7)
    assert picture.size == (800, 600)
    assert picture.tobytes() == draw_landscape(7).tobytes() != draw_landscape(8).tobytes()
