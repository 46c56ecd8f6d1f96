"""A small collection of real pictures, measured: in-memory store, real files, real verification."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from sklearn.datasets import load_sample_image

from shared.errors import PermanentError
from shared.records import ImageFacts, Match, Reference, Relation, State, pair_of
from shared.store import MemoryStore
from worker.engine.edits.attacks import ATTACKS
from worker.engine.matching.evidence import Finding, choose
from worker.engine.matching.findings import findings
from worker.engine.matching.thresholds import Thresholds
from worker.engine.picture.decode import shrink
from worker.engine.search.encoding import encode
from worker.engine.sketch.sketch import describe
from worker.pipeline.calibrating.originals import Originals
from worker.pipeline.calibrating.trials import Calibrating, measure
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.local_folder import LocalFolder

EDITS = [attack for attack in ATTACKS if attack.name in ("jpeg-30", "half", "mirror", "caption")]
Picture = NDArray[np.uint8]


class Blur:
    """Stands in for the network: a small, blurred version of each picture."""

    side = 224

    def extract(self, pictures: Picture) -> NDArray[np.float32]:
        rows = [cv2.resize(one, (32, 32), interpolation=cv2.INTER_AREA).reshape(-1) for one in pictures]
        return np.asarray(rows, np.float32)


BLUR = Blur()


class Collection:
    """Pictures in a folder, with records as the workers leave them."""

    def __init__(self, root: Path, executor: Executor) -> None:
        self.root = root
        self.store = MemoryStore()
        self.executor = executor
        self.reported: list[tuple[int, int]] = []

    def add(self, name: str, picture: Picture, verdict: str = "unique", duplicate_of: str = "") -> str:
        path = self.root / name
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        facts = ImageFacts(picture.shape[1], picture.shape[0])
        features = BLUR.extract(shrink(picture, BLUR.side)[None])
        self.store.put_images("e", [(digest, facts, encode(features)[0], describe(picture).to_bytes())])
        self.store.mark_pending([Reference(name, path.stat().st_size, path.stat().st_mtime_ns)], now=1.0)
        [seen] = self.store.records([name])
        assert seen
        done = dataclasses.replace(
            seen, state=State.READY, digest=digest, extractor="e", verdict=verdict, duplicate_of=duplicate_of
        )
        self.store.complete([(name, seen, done)])
        return digest

    def calibrating(self, whole: bool = False) -> Calibrating:
        originals = Originals(self.store, LocalFolder(self.root), "e", 10**8, 10**8)
        index = ContentIndex(self.store, "e")
        index.add(sorted(originals.keeper_of))
        progress: Callable[[int, int], None] = lambda done, wanted: self.reported.append((done, wanted))  # noqa: E731
        return Calibrating(originals, index, BLUR, self.executor, progress, 10**8, whole, EDITS)


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with ThreadPoolExecutor(2) as executor:
        yield Collection(tmp_path, executor)


def small(picture: Picture) -> Picture:
    """Half as wide: to compare takes half the time."""
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


CHINA = small(load_sample_image("china.jpg"))


def fill(collection: Collection) -> dict[str, str]:
    pictures = {
        "china.png": CHINA,
        "flower.png": small(load_sample_image("flower.jpg")),
        "astronaut.png": small(skimage.data.astronaut()),
        "coffee.png": small(skimage.data.coffee()),
    }
    return {name: collection.add(name, picture) for name, picture in pictures.items()}


def test_copies_are_found_and_strangers_are_not(collection: Collection) -> None:
    fill(collection)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in collection.root.iterdir()}
    measured = measure(collection.calibrating(), 10)
    assert (measured.images, measured.keepers, measured.skipped) == (4, 4, {})
    assert collection.reported[-1] == (4, 4)
    choice = choose(measured.evidence, Thresholds().similarity)
    found = findings(measured.evidence, Thresholds().similarity, choice)
    assert [row["edit"] for row in found["edits"]] == [attack.name for attack in EDITS]
    assert found["all"] == {"copies": 16, "candidates": 1.0, "verified": 1.0, "found": 1.0, "right": 1.0}
    assert (found["all_near"]["copies"], found["all_variant"]["copies"]) == (12, 4)
    assert found["unrelated"]["pairs"] == 6  # all there are, however often each was compared
    assert found["unrelated"]["comparisons"] > 6
    assert found["unrelated"]["near"]["accepted"] == found["unrelated"]["variant"]["accepted"] == 0
    assert choice.similarity == Thresholds().similarity  # six pairs loosen nothing
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in collection.root.iterdir()} == before
    assert measure(collection.calibrating(), 10) == measured  # the same collection gives the same answer


def test_a_duplicate_that_nobody_noticed_is_named_and_one_that_is_known_is_left_out(collection: Collection) -> None:
    digests = fill(collection)
    twin = collection.add("twin.png", np.ascontiguousarray(CHINA[5:, 6:]))
    evidence = measure(collection.calibrating(), 10).evidence
    worst = findings(evidence, 0.68, choose(evidence, 0.68))["worst"][0]
    assert {worst["path"], worst["other"]} == {"china.png", "twin.png"}
    turned = any(word in worst[edit] for edit in ("edit", "other_edit") for word in ("mirror", "rotate"))
    assert (worst["usual"], worst["strict"]) == ("near", None if turned else "near")
    assert evidence.left_out == 0

    collection.store.put_matches({pair_of(digests["china.png"], twin): Match(0.9, "same picture, cropped")})
    evidence = measure(collection.calibrating(), 10).evidence
    assert evidence.left_out == 1
    assert findings(evidence, 0.68, choose(evidence, 0.68))["unrelated"]["near"]["accepted"] == 0


def test_the_strict_setting_is_measured_as_such_and_both_are_told(collection: Collection) -> None:
    fill(collection)
    collection.add("crop.png", np.ascontiguousarray(CHINA[30:, 40:]))
    evidence = measure(collection.calibrating(whole=True), 10).evidence
    found = findings(evidence, 0.68, choose(evidence, 0.68))
    right = {row["edit"]: row["right"] for row in found["edits"]}
    assert right == {"jpeg-30": 1.0, "half": 1.0, "mirror": 0.0, "caption": 1.0}
    assert found["unrelated"]["near"]["accepted"] == 0
    assert (found["hard"]["usual"]["near"], found["hard"]["strict"]["near"]) == (1, 0)
    assert (found["worst"][0]["usual"], found["worst"][0]["strict"]) == ("near", None)


def test_duplicates_are_neither_edited_nor_strangers(collection: Collection) -> None:
    fill(collection)
    half = cv2.resize(CHINA, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    collection.add("half.png", np.asarray(half, np.uint8), "near", "china.png")
    measured = measure(collection.calibrating(), 10)
    assert measured.keepers == 4
    paths = {path for one in measured.evidence.strangers for path in (one.path, one.other)}
    assert paths == {"china.png", "flower.png", "astronaut.png", "coffee.png"}
    assert all(trial.candidate for trial in measured.evidence.trials)


def test_pages_are_settled_by_their_pixels(collection: Collection) -> None:
    """Two pages with the same layout and other words: only the files tell them apart."""
    for name, words in (("one.png", "seven apples"), ("two.png", "eleven pears")):
        page = np.full((600, 800, 3), 255, np.uint8)
        for line in range(12):
            text = f"{line} the quick brown fox jumps over" + (f" {words}" if line == 6 else "")
            cv2.putText(page, text, (20, 40 + 45 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
        collection.add(name, page)
    evidence = measure(collection.calibrating(), 10).evidence
    [stranger] = evidence.strangers
    assert (stranger.usual, stranger.strict) == (Finding(), Finding())
    assert stranger.alike > 1  # their sketches do not tell them apart, and each is looked at but a few times
    assert sum(trial.found.relation(0.68) is Relation.NEAR for trial in evidence.trials) >= 5
    assert not any(trial.found.reached for trial in evidence.trials if trial.edit == "caption")  # another page


def test_a_file_that_changed_is_passed_over_and_named(collection: Collection) -> None:
    fill(collection)
    (collection.root / "china.png").write_bytes(b"something else")
    measured = measure(collection.calibrating(), 10)
    assert measured.images == 3
    assert "changed" in measured.skipped["china.png"]


def test_one_picture_is_too_few(collection: Collection) -> None:
    collection.add("china.png", CHINA)
    with pytest.raises(PermanentError, match="at least two"):
        measure(collection.calibrating(), 10)
