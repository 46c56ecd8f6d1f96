"""What is installed where people install it: the wheel, and what stands around a release."""

import email
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "watcher", "worker")
OTHERS = ("pyproject.toml", "README.md", "LICENSE")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Built as `make dist` does, from a copy: nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in OTHERS:
        shutil.copy(ROOT / name, source)
    code = "from setuptools import build_meta as m; m.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    [built] = (source / "dist").glob("*.whl")
    yield built
    shutil.rmtree(source)


def test_everything_that_the_packages_hold_is_in_the_wheel_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert held == files
    assert {Path(name).suffix for name in held} >= {".py", ".html", ".css", ".js", ".txt", ".svg"}


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    told = email.message_from_bytes(archive.read(metadata))
    assert (told["Name"], told["Version"]) == ("imagesieve", PROJECT["version"])
    assert told["Requires-Python"].replace(" ", "") in ("<3.13,>=3.11", ">=3.11,<3.13")
    assert "Private :: Do Not Upload" in told.get_all("Classifier")
    assert len([line for line in told.get_all("Requires-Dist") if "extra ==" not in line]) == len(
        PROJECT["dependencies"]
    )


def test_the_command_is_found_from_a_folder_of_strangers(wheel: Path, tmp_path: Path) -> None:
    """Unpacked in a place of its own, as an environment has it, with files of its names where it is called."""
    site, here = tmp_path / "site", tmp_path / "here"
    zipfile.ZipFile(wheel).extractall(site)
    here.mkdir()
    for name in (*PACKAGES, "celery", "typer"):
        (here / f"{name}.py").write_text("raise SystemExit('a stranger')")
    script = tmp_path / "imagesieve"
    script.write_text("from shared.cli.__main__ import main\nmain()\n")

    def run(*words: str, path: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": path, "IMAGESIEVE_STATE_DIR": str(tmp_path / "state")}
        return subprocess.run(
            [sys.executable, str(script), *words],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    layers = run("doctor", "--model", path=str(site))  # asks a process that loads the worker's modules
    assert (layers.returncode, layers.stderr) == (0, "")
    assert "block5_conv3" in layers.stdout
    shadowed = tmp_path / "shadow"
    shadowed.mkdir()
    shutil.copy(here / "worker.py", shadowed)
    refused = run("--help", path=f"{shadowed}{os.pathsep}{site}")
    assert refused.returncode == 2
    assert f"another package called `worker` is in the way: {shadowed}/worker.py" in refused.stderr


def test_the_changelog_has_versions_and_what_is_to_come_stands_above_them() -> None:
    heads = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert heads[0] == "[Unreleased]"
    assert len(heads) > 1
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", head) for head in heads[1:])
    version = PROJECT["version"].partition(".dev")
    released = {head[1 : head.index("]")] for head in heads[1:]}
    assert (version[0] in released) is (version[1] == "")  # of a version to come nothing is said as if it were there


def test_the_image_says_its_version() -> None:
    text = (ROOT / "Dockerfile").read_text()
    labels = dict(re.findall(r"org\.opencontainers\.image\.(\w+)=\"(.*?)\"", text))
    assert labels == {
        "title": "imagesieve",
        "description": "Finds duplicates in a stream of images, continuously",
        "licenses": PROJECT["license"],
        "version": "${VERSION}",
        "revision": "${REVISION}",
    }


@pytest.mark.parametrize(
    ("version", "changes", "said"),
    [
        ("1.2.0.dev0", "## [1.2.0] - 2026-01-01\n- x\n", "write the version of the release there"),
        ("1.2.0", "## [Unreleased]\n- x\n\n## [1.1.0] - 2026-01-01\n- x\n", "CHANGELOG.md says nothing below"),
        ("1.2.0", "## [1.2.0] - 2026-01-01\n\n## [1.1.0] - 2026-01-01\n- x\n", "CHANGELOG.md says nothing below"),
        ("1.2.0", "## [1.2.0] - 2026-01-01\n- x\n", "commit first"),
    ],
)
def test_a_release_is_refused_before_anything_is_built(tmp_path: Path, version: str, changes: str, said: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").write_text(f'version = "{version}"\n')
    (tmp_path / "CHANGELOG.md").write_text(changes)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    ended = subprocess.run(["make", "release"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode
    assert said in ended.stderr
    assert not (tmp_path / "dist").exists()
