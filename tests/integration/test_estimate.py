"""`imagesieve estimate` on a real folder: every file counted, nothing changed, nothing running."""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.cli.estimate_text import estimate_lines
from shared.errors import PermanentError, UnreadableImage
from shared.records import Reference
from shared.settings import Settings, load_settings
from watcher.survey import survey
from worker.commands.estimate import estimate, rows_of
from worker.engine.picture.decode import decode
from worker.pipeline.extracting.reading import Refused
from worker.pipeline.files import read_file
from worker.pipeline.local_folder import LocalFolder

ROOT = Path(__file__).parents[2]
NOBODY = 65534
MACHINE = {
    "memory_available": None, "redis_elsewhere": False, "redis_used": 0, "redis_limit": 0, "disk_free": 0, "disk": "/",
}  # fmt: skip
NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)


def picture(kind: str = "JPEG", width: int = 400) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(NOISE[:, :width])).save(out, kind)
    return out.getvalue()


def fill(folder: Path) -> None:
    """Files of every kind: read, refused, passed over, compared by bytes, companions."""
    for name in ("a", "sub", "Screenshots", ".hidden", "secret"):
        (folder / name).mkdir(parents=True)
    files = {
        "a/IMG_1.jpg": picture(),
        "a/IMG_1.mov": b"video",
        "a/IMG_1.jpg.xmp": b"<x/>",
        "a/IMG_1.aae": b"<x/>",
        "sub/b.png": picture("PNG"),
        "sub/no-suffix": picture("WEBP"),
        "sub/large.tif": picture("TIFF"),
        "wide.bmp": picture("BMP", 399),
        "cut.jpg": picture()[:5000],
        "head.png": b"\x89PNG\r\n\x1a\n" + b"?" * 100,
        "scene.tif": b"v/1\x01" + bytes(50),
        "text.jpg": b"no picture",
        "empty.jpg": b"",
        "Screenshots/s.png": picture("PNG"),
        ".hidden/h.jpg": picture(),
        "c.jpg.part": picture(),
        "d.pdf": b"%PDF",
    }
    for path, data in files.items():
        (folder / path).write_bytes(data)
    (folder / "link.jpg").symlink_to("wide.bmp")


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", "estimate", *words, str(folder)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")}
    state = {"IMAGESIEVE_STATE_DIR": str(folder.parent / "state"), "COLUMNS": "80"}
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **state, **environment}, capture_output=True, text=True, check=False
    )


def states(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (status.st_size, status.st_mtime_ns, status.st_ino)
        for path in (folder, *folder.rglob("*"))
        for status in [path.lstat()]
    }


def test_every_file_is_counted_once_and_nothing_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    fill(folder)
    (folder / "heavy.jpg").write_bytes(picture() + bytes(400_000))
    before = states(folder)
    done = run(
        folder, "--no-rate", "--json",
        IMAGESIEVE_EXCLUDE="Screenshots/", IMAGESIEVE_MAX_PIXELS=str(399 * 300), IMAGESIEVE_MAX_BYTES="400000",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert states(folder) == before
    assert not (tmp_path / "state").exists()
    found: dict[str, Any] = json.loads(done.stdout)
    assert {one["format"]: (one["files"], one["megapixels"]) for one in found["formats"]} == {"BMP": (1, 0.12)}
    reasons = {one["reason"]: (one["kind"], one["files"]) for one in found["refused"]}
    assert reasons == {
        "more pixels than IMAGESIEVE_MAX_PIXELS": ("too large", 4),
        "more bytes than IMAGESIEVE_MAX_BYTES": ("too large", 1),
        "truncated JPEG file": ("damaged", 1),
        "PNG file whose header cannot be read": ("damaged", 1),
        "OpenEXR picture": ("unsupported", 1),
        "not an image: it looks like text": ("no image", 1),
        "empty file": ("empty", 1),
    }
    assert found["by_bytes"] == {"files": 1, "bytes": 5}
    assert {one["kind"]: one["files"] for one in found["passed_over"]["kinds"]} == {
        ".xmp": 1,
        ".aae": 1,
        ".pdf": 1,
        "hidden, unfinished, a backup or another program's": 2,
        "excluded by IMAGESIEVE_EXCLUDE": 1,
        "a link, which is not followed": 1,
    }
    assert {one["role"]: one["files"] for one in found["companions"]} == {"sidecar": 2, "video": 1}
    assert found["rate"] is None
    assert found["machine"]["disk_free"] > 0


def test_what_is_refused_beforehand_is_what_the_worker_refuses(tmp_path: Path, settings: Settings) -> None:
    """Of every file that is here in full, with the limits of a worker."""
    fill(settings.watch_dir)
    found = estimate(settings, rows_of(iter([*map(json.dumps, survey(settings)), "null"])), 0, False)
    refused = {}
    for path, size, about in survey(settings):
        if isinstance(about, int) and not settings.admission.takes_by_bytes(path):
            try:
                data = read_file(LocalFolder(settings.watch_dir), Reference(path, size, about), settings.max_bytes).data
                decode(data, settings.max_pixels)
            except UnreadableImage as error:
                refused[path] = str(Refused.by(error).kind)
    assert {path: one["kind"] for one in found["refused"] for path in one["examples"]} == refused
    assert len(refused) == 5


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """A folder of a user who may not read everything."""
    with tempfile.TemporaryDirectory() as name:
        root = os.geteuid() == 0
        if root:
            os.chown(name, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)


def test_what_cannot_be_read_is_named_once(plain_folder: Path) -> None:
    settings = load_settings(watch_dir=plain_folder)
    for name in ("open", "closed"):
        (plain_folder / name).mkdir()
        (plain_folder / name / "a.jpg").write_bytes(picture())
    (plain_folder / "open" / "b.jpg").write_bytes(picture())
    (plain_folder / "open" / "b.jpg").chmod(0)
    (plain_folder / "closed").chmod(0)
    found = estimate(settings, rows_of(iter([*map(json.dumps, survey(settings)), "null"])), 0, False)
    (plain_folder / "closed").chmod(0o700)
    assert found["unreadable_folders"] == {"folders": 1, "first": ["closed/"]}
    assert [(one["kind"], one["examples"]) for one in found["refused"]] == [("not readable", ["open/b.jpg"])]
    assert found["formats"][0]["files"] == 1
    assert sum(line.count("closed/") for line in estimate_lines({**found, "machine": MACHINE})) == 1


def test_it_fails_in_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path / "none", "--no-rate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not a folder; name the folder to watch" in done.stderr


def test_a_walk_that_ended_early_is_no_estimate(settings: Settings) -> None:

    with pytest.raises(PermanentError, match="not looked through to its end"):
        estimate(settings, rows_of(iter(['["a.jpg", 1, 2]'])), 0, False)


def test_many_files_are_minutes_at_most(settings: Settings) -> None:
    """Of each file 64 KiB are read; 100,000 in five minutes are 3 ms each."""
    data = picture()
    for number in range(500):
        (settings.watch_dir / f"{number}.jpg").write_bytes(data)
    begun = time.process_time()
    found = estimate(settings, rows_of(iter([*map(json.dumps, survey(settings)), "null"])), 0, False)
    assert time.process_time() - begun < 500 * 0.003
    assert found["formats"][0]["files"] == 500


def test_a_machine_is_measured_on_the_files_themselves(settings: Settings) -> None:
    fill(settings.watch_dir)
    turns = [[["JPEG", "a/IMG_1.jpg"]], [["PNG", "sub/b.png"], ["PNG", "head.png"]]]
    found = {path: (size, about) for path, size, about in survey(settings)}
    asked = {"turns": [[[kind, path, *found[path]] for kind, path in turn] for turn in turns], "many": False}
    done = subprocess.run(
        [sys.executable, "-m", "worker.commands.measure"], cwd=ROOT, env={**os.environ, **settings.environment()},
        input=json.dumps(asked) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    described = [row for row in rows if "format" in row]
    assert [(row["format"], row["refused"]) for row in described] == [("JPEG", ""), ("PNG", ""), ("PNG", "damaged")]
    assert all(row["timed"][0] == 0.12 and row["timed"][1] > 0 for row in described[:2])
    values = {name: value for row in rows for name, value in row.items()}
    assert values["network"] > 0.01
    assert {"start", "device"} <= values.keys()
    assert 0 < values["cores"] <= (os.cpu_count() or 1)
    assert values["verdict"] > 0
    assert values["digest"] > 10**6
