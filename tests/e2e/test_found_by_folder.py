"""A collection without a word about its state: `up FOLDER`, and then commands in the folder."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from shared.version import own_version
from tests.e2e.conftest import Imagesieve


def make_pictures(folder: Path) -> None:
    folder.mkdir(parents=True)
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(folder / "a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())


def test_the_state_is_found_by_the_folder_and_settings_stand_beside_it(sieve: Imagesieve) -> None:
    make_pictures(sieve.watched / "2024")
    home = sieve.base / "xdg" / "imagesieve"
    sieve.state = home / "collections" / "watched"
    sieve.state.mkdir(parents=True)
    (sieve.state / "config.toml").write_text("weights = 'random'\nsettle = '300ms'\nexclude = ['b.png']\n")
    for name in ("STATE_DIR", "WATCH_DIR", "WEIGHTS", "SETTLE"):
        del sieve.environment[f"IMAGESIEVE_{name}"]
    sieve.environment |= {"XDG_STATE_HOME": str(sieve.base / "xdg"), "PYTHONPATH": ":".join(sys.path)}

    def ask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shared.cli", *words]
        return subprocess.run(
            command, env=sieve.environment, cwd=folder, capture_output=True, text=True, check=False, timeout=100
        )

    done = sieve.run("up", "--once", "--json", str(sieve.watched))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["images"] == 1  # the other one is excluded by the file
    assert (sieve.state / "imagesieve-version").read_text() == f"{own_version()}\n"
    assert not (home / "watched").exists()
    found = ask(sieve.watched / "2024", "report")
    assert found.returncode == 0, found.stderr
    assert str(sieve.state) in found.stdout
    [state] = json.loads(ask(sieve.watched, "settings", "state_dir", "--json").stdout)["settings"]
    assert state["value"] == str(sieve.state)
    assert state["from"].startswith("found by the folder")
    assert ask(sieve.base, "report").stdout == found.stdout  # it is the only one
    assert "there is no report" in ask(sieve.watched, "report", "--state", str(sieve.base / "state")).stderr
