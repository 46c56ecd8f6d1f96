"""A folder laid out like a phone's, from its first scan to what `duplicates apply` moves of it, and back."""

import csv
import io
import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from benchmarks.textures import make_textures
from shared.cli.demo import make_demo_folder
from tests.acting.phone import COPY, LIVE, MOTION, PHONE, RAW, Phone
from tests.e2e.conftest import Imagesieve
from tests.e2e.test_duplicates import events_of, tree
from tests.raw_files import dng, jpeg
from tests.unit.test_holding import VIDEO, XMP, segment

SIZE = 240, 180
EDITED = LIVE // 5 + 1
SHARED = 2  # pictures that have one video
SHOTS = LIVE + RAW + MOTION + 2  # different ones: the two that share a video are one, and one is a takeout's
STAYS = {"notes.txt", "metadata.json", "Catalog Previews.lrdata"}  # of the copy


class Camera:
    """Real files for the names of a phone, a picture for each shot. None is like another but the edited ones."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        make_demo_folder(folder / "photos")
        photos = [folder / "photos" / name for name in ("china.jpg", "flower.jpg", "coffee.png", "rocket.jpg")]
        paths = make_textures(photos, folder / "textures", SHOTS, SIZE)
        self._shots: dict[str, np.ndarray] = {}
        self._left = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
        self._chance = chance

    def __call__(self, name: str) -> bytes:
        stem, _, suffix = name.rpartition(".")
        match suffix:
            case "HEIC":
                return heic(self._picture(stem))
            case "JPG" | "jpg":
                still = jpeg(self._picture(stem))
                return segment(still, 0xE1, XMP + b"Motion") + VIDEO if name.startswith("PXL") else still
            case "NEF":
                return dng([(jpeg(self._picture(stem)), SIZE)], sensor=SIZE)
            case "MOV" | "MP4":
                return VIDEO + self._chance.randbytes(20_000)
        return self._chance.randbytes(self._chance.randint(40, 400))

    def _picture(self, stem: str) -> np.ndarray:
        original = stem.replace("_E", "_").replace("-bearbeitet", "")
        if original not in self._shots:
            self._shots[original] = self._left.pop()
        shot = self._shots[original]
        return shot if stem == original else (255 * (shot / 255) ** 0.8).astype(np.uint8)  # lighter


def heic(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(picture)).save(out, quality=85)
    return out.getvalue()


def make_phone(sieve: Imagesieve) -> Phone:
    """The phone's own folder and a copy of it; and films, of which one is there twice."""
    chance = random.Random(18)
    phone = Phone(sieve.watched, chance, Camera(sieve.base, chance))
    phone.fill()
    shutil.rmtree(sieve.watched / "protected")
    (sieve.watched / "films").mkdir()
    film = VIDEO + chance.randbytes(30_000)
    for name, data in (("a.mp4", film), ("b.mov", film[:-1]), ("copy of a.mp4", film)):
        (sieve.watched / "films" / name).write_bytes(data)
    return phone


def table(sieve: Imagesieve, name: str) -> list[dict[str, str]]:
    with (sieve.latest / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_all_of_a_phone_s_folder_is_told_goes_together_and_comes_back(sieve: Imagesieve) -> None:
    phone = make_phone(sieve)
    before = tree(sieve)
    ended = sieve.run("up", str(sieve.watched), "--once", "--json", k="2", recluster_every="600")
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    check_report(sieve, phone, summary)

    moved = sieve.base / "moved"
    done: list[dict[str, Any]] = events_of(sieve, "apply", "--action", "move", "--to", str(moved), "--yes")
    acted = [one for one in done if one["event"] == "acted"]
    gone = before.keys() - tree(sieve).keys()
    assert {one["path"] for one in acted} | {it["path"] for one in acted for it in one["companions"]} == gone
    assert summary["bytes_to_free"] == sum(len(before[path][0]) for path in gone)
    check_moved(sieve, phone, moved, gone)

    back = events_of(sieve, "restore")
    assert {one["path"] for one in back if one["event"] == "restored"} == gone
    assert tree(sieve) == before
    assert [path for path in moved.rglob("*") if path.is_file()] == []


def check_report(sieve: Imagesieve, phone: Phone, summary: dict[str, Any]) -> None:
    """Every file stands in one table, none among the failures, and what belongs together is no duplicate."""
    assigned = {row["path"]: row for row in table(sieve, "assignments.csv")}
    passed = {row["path"]: row["suffix"] for row in table(sieve, "passed-over.csv")}
    previews = f"{COPY}/Catalog Previews.lrdata/"
    seen = {path for path in tree(sieve) if not path.startswith(previews)}
    assert sorted([*assigned, *passed]) == sorted({*seen, previews})
    assert table(sieve, "failures.csv") == []
    sidecars = Counter(Path(path).suffix for path in seen & passed.keys())
    assert sidecars == {".AAE": 20, ".xmp": 18, ".json": 14, ".THM": 2, ".txt": 2}

    pictures = LIVE + RAW + RAW + MOTION + 1 + EDITED + SHARED
    assert summary["counts"]["images"] == 2 * pictures
    near = EDITED + 1  # an edited picture or its original, and a JPEG of a HEIC
    assert summary["counts"]["duplicates"] == pictures + near
    assert Counter(row["verdict"] for row in assigned.values() if row["cluster"]) == {
        "unique": pictures - near, "exact": pictures - near, "near": 2 * near
    }  # fmt: skip
    videos = LIVE + (EDITED - 1) + len(phone.shared) + 1
    by_bytes = summary["by_bytes"]
    assert (by_bytes["files"], by_bytes["duplicates"]) == (2 * videos + 3, videos + 1)
    groups = {row["path"]: row for row in table(sieve, "duplicates.csv")}
    for picture, names in phone.units.items():
        raw = f"{PHONE}/{Path(picture).stem}.NEF"
        assert (raw in groups) == picture.startswith("DSC")
        assert raw not in groups or groups[raw]["group"] != groups[f"{PHONE}/{picture}"]["group"]
        for folder in (PHONE, COPY):
            told = groups[f"{folder}/{picture}"]["companions"].split("/")
            assert {*told} - {""} <= {*names}


def check_moved(sieve: Imagesieve, phone: Phone, moved: Path, gone: set[str]) -> None:
    """Each picture of the copy went, what belongs to it stands beside it there, and nothing else went but a film."""
    assert phone.gone() == phone.units.keys()
    assert phone.torn() == []
    assert {path.name for path in (sieve.watched / COPY).iterdir()} == STAYS
    went = {path.name for path in (moved / COPY).iterdir()}
    units = {*phone.units, *(name for names in phone.units.values() for name in names), *phone.shared}
    assert went == units | {"VID_0001.MP4", "VID_0001.THM"}
    assert len(gone) == len(went) + 1
    assert [path.name for path in (moved / "films").iterdir()] == ["copy of a.mp4"]
