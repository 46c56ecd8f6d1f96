"""The Chromium that the machine has, and a report for it: a real recluster run over pieces of real photos."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from sklearn.datasets import load_sample_images

from shared.failures import FailureKind
from shared.records import Match, Reference, Relation, pair_of
from tests.failed import mark_failed
from tests.unit.test_recluster import EXTRACTOR, Desk
from worker.engine.clusters.classes import Classes
from worker.network.classes import encode_classes, imagenet_words
from worker.network.weights import BACKBONE
from worker.pipeline.reclustering.recluster import recluster

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
TILE = 100
HOSTILE = [
    "<img src=x onerror=alert(1)>.png",
    '"><svg onload=alert(1)>.png',
    '"><script>alert(1)<' + "/script>.png",
    "'; alert(1); '.png",
    "&lt;b&gt; {{ 7 * 7 }}.png",
    "\u202egnp.exe.png",
    "line\nbreak\u2028.png",
    os.fsdecode(b"latin-\xe9.png"),
    " onfocus=alert(1) autofocus x=.png",
]


@pytest.fixture(scope="session")
def program() -> str:
    """A browser's program. Where there is none the tests are skipped; in continuous integration they fail."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        said = f"no browser is on PATH ({', '.join(PROGRAMS)}); install one, or name its program in CHROMIUM"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    return found


# Of one module: Playwright keeps an event loop running in this thread, where others may want theirs.
@pytest.fixture(scope="module")
def browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with all kinds, a variant, three clusters, failures, two generations and bad names.

    Two of the clusters have names of three long words.
    """
    desk = Desk(tmp_path_factory.mktemp("report"))
    desk.store.publish_extractor(EXTRACTOR, encode_classes(_classes()))
    desk.reclustering = replace(desk.reclustering, layers=BACKBONE.layers())
    tiles = iter(_tiles())
    for family in range(3):
        for seed in range(8):
            desk.add(f"holiday/2019/{family}-{seed}.png", family, seed, picture=next(tiles))
    for name in HOSTILE:
        desk.add(name, 0, 50 + HOSTILE.index(name), picture=next(tiles))
    recluster(desk.reclustering, force=False)
    _add_copies(desk)
    for name in HOSTILE:
        mark_failed(desk.store, [(Reference(f"bad/{name}", 1, 1), f"no image: {name}")], FailureKind.NO_IMAGE, now=1.0)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    return (desk.reclustering.reports / "latest" / "report.html").resolve().as_uri()


def _classes() -> Classes:
    """A layer that sees the longest words there are in two of the families, and nothing in the third."""
    words = imagenet_words()
    longest = sorted(range(len(words)), key=lambda index: -len(words[index]))
    kernel = np.zeros((4096, len(words)), np.float32)
    for family in (1, 2):
        kernel[100 * family : 100 * family + 50, longest[3 * family : 3 * family + 3]] = 0.05
    return Classes(kernel, np.zeros(len(words), np.float32), words)


def _add_copies(desk: Desk) -> None:
    """Two exact copies, one of the same pixels, one near, one variant; an exact one of each file with a bad name."""
    for place, (original, family, seed) in enumerate([("0-0", 0, 0), ("1-0", 1, 0)]):
        with Image.open(desk.root / f"holiday/2019/{original}.png") as picture:
            desk.add(f"backup/Copy {place}.png", family, seed, picture=picture.copy())
    for name in HOSTILE:
        with Image.open(desk.root / name) as picture:
            desk.add(f"copies/{name}", 0, 50 + HOSTILE.index(name), picture=picture.copy())
    with Image.open(desk.root / "holiday/2019/2-0.png") as picture:
        desk.add("holiday/2019/2-0.png", 2, 0, picture=picture.copy(), pixels="same")
        desk.add("backup/same pixels.bmp", 2, 90, picture=picture.copy(), pixels="same")
    with Image.open(desk.root / "holiday/2019/2-1.png") as picture:
        desk.add("edited/half.png", 2, 91, picture=picture.resize((50, 50)))
    records = desk.store.records(["holiday/2019/2-1.png", "edited/half.png"])
    digests = [record.digest for record in records if record]
    desk.store.put_matches({pair_of(*digests): Match(0.97, "same picture, half size")})
    _add_variant(desk)


def _add_variant(desk: Desk) -> None:
    with Image.open(desk.root / "holiday/2019/2-2.png") as picture:
        stamped = picture.copy()
    stamped.paste((255, 0, 0), (0, 75, 50, 100))
    desk.add("edited/stamped.png", 2, 92, picture=stamped)
    digests = [record.digest for record in desk.store.records(["holiday/2019/2-2.png", "edited/stamped.png"]) if record]
    place = (0.0, 0.75, 0.5, 1.0)
    match = Match(0.9, "differs in 12 % at the lower left", Relation.VARIANT, 0.125, (place, place))
    desk.store.put_matches({pair_of(*digests): match})


def _tiles() -> list[Image.Image]:
    """Different squares of the photos that scikit-learn carries."""
    return [
        Image.fromarray(photo[top : top + TILE, left : left + TILE])
        for photo in load_sample_images().images
        for top in range(0, photo.shape[0] - TILE, TILE)
        for left in range(0, photo.shape[1] - TILE, TILE)
    ]


@pytest.fixture(scope="session")
def empty_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the page of an empty collection."""
    desk = Desk(tmp_path_factory.mktemp("empty"))
    recluster(desk.reclustering, force=False)
    return Path(desk.reclustering.reports / "latest" / "report.html").resolve().as_uri()
