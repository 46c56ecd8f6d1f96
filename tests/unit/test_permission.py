"""Who has no right to a folder is told for which user that is, and in a container what sets its number."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.acting.runs import Action, read_runs
from shared.cli.demo import claim_demo_folder
from shared.errors import ImagesieveError
from shared.permission import why_not
from shared.reports import latest_report
from shared.settings import load_settings
from shared.state_folder import open_state_folder
from tests.unit.test_acting import Desk
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.settling import reason_of

NOBODY = 65534


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that this process may not write; where it is root's, for a while as another user."""
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are closed to others
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield folder
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def act_in(folder: Path) -> None:
    with acting_alone(folder / "actions"):
        pass


@pytest.mark.parametrize("use", [open_state_folder, claim_demo_folder, act_in])
def test_a_folder_that_may_not_be_written_names_the_user(locked: Path, use: Callable[[Path], object]) -> None:
    with pytest.raises(ImagesieveError, match=f"Permission denied for user number {os.geteuid()}"):
        use(locked)
    assert list(locked.iterdir()) == []


def show_report(folder: Path) -> None:
    latest_report(load_settings(state_dir=folder))


@pytest.mark.parametrize("use", [read_runs, show_report])
def test_a_folder_that_may_not_be_read_names_the_user(locked: Path, use: Callable[[Path], object]) -> None:
    user = os.geteuid()
    os.seteuid(os.getuid())
    locked.chmod(0)
    os.seteuid(user)
    with pytest.raises(ImagesieveError, match=f"cannot be read: Permission denied for user number {user}"):
        use(locked)


def test_a_file_that_may_not_be_moved_names_the_user() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert f"Permission denied for user number {os.geteuid()}" in reason_of(refused)


def test_a_duplicate_in_a_folder_that_may_not_be_written_names_the_user(tmp_path: Path) -> None:
    desk, user = Desk(tmp_path), os.geteuid()
    (desk.root / "sub").chmod(0o555)
    if user == 0:
        os.setreuid(NOBODY, 0)  # rights are asked for as the real user
    try:
        reason = desk.why_not(Action.MOVE, desk.duplicate())
    finally:
        os.setreuid(user, user)
        (desk.root / "sub").chmod(0o755)
    assert f"its folder may not be written: Permission denied for user number {user}" in reason


def test_in_a_container_it_is_said_what_sets_the_number() -> None:
    refused, full = PermissionError(errno.EACCES, "Permission denied"), OSError(errno.ENOSPC, "No space left")
    assert why_not(refused, {}) == f"Permission denied for user number {os.geteuid()}"
    inside = {"IMAGESIEVE_UID": "1000"}
    assert why_not(refused, inside).endswith("set IMAGESIEVE_UID to the number of the owner, and build the image again")
    assert why_not(full, inside) == "No space left"
    image = (Path(__file__).parents[2] / "Dockerfile").read_text()
    assert "IMAGESIEVE_UID=${UID}\n" in image
