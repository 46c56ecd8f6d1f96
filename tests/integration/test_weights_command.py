"""`imagesieve weights`, with the network that it loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.chosen_weights import remembered_weights
from tests.unit.test_weights import write_layers


def run(state: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")}
    environment = {**kept, "IMAGESIEVE_STATE_DIR": str(state), **settings}
    return subprocess.run(
        [sys.executable, "-m", "shared.cli", "weights", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_weights_are_loaded_and_then_remembered(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert run(state).stdout == "auto\n"
    chosen = run(state, "random", "--json")
    assert chosen.returncode == 0, chosen.stderr
    found = json.loads(chosen.stdout)
    assert (found["weights"], found["label"]) == ("random", "VGG16 fc2, random weights")
    assert f"remembered in {state}" in chosen.stderr
    assert run(state).stdout == "random\n"
    assert run(state, IMAGESIEVE_WEIGHTS="imagenet").stdout == "imagenet\n"  # a setting counts before it


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("constant.h5", 1, "is not filled"),
        ("text.h5", 1, "cannot be read"),
        ("nowhere.h5", 1, "cannot be read"),
        ("weights.bin", 2, "use imagenet, auto, random, or the path of a Keras weights file (.h5)"),
    ],
)
def test_a_file_that_will_not_do_is_refused_and_nothing_remembered(
    tmp_path: Path, name: str, status: int, said: str
) -> None:
    write_layers(tmp_path / "constant.h5").chmod(0o600)
    fill_with_zeros(tmp_path / "constant.h5")
    (tmp_path / "text.h5").write_text("no HDF5")
    refused = run(tmp_path / "state", str(tmp_path / name))
    assert (refused.returncode, refused.stdout) == (status, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert remembered_weights(tmp_path / "state") == ""


def fill_with_zeros(file: Path) -> None:
    import h5py

    with h5py.File(file, "r+") as opened:
        kernel = opened["fc2/fc2_W_1:0"]
        kernel[(0,) * kernel.ndim] = 0
