"""The writer's index and the comparison of two files, with real pictures and an in-memory store."""

import dataclasses
import hashlib
from pathlib import Path

import cv2
import faiss
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_sample_image

from shared.errors import DamagedImages
from shared.records import ImageFacts, Record, State
from shared.store import MemoryStore
from worker.engine.matching.thresholds import Thresholds
from worker.engine.search.encoding import encode
from worker.engine.sketch.sketch import describe
from worker.pipeline.comparison import Comparison, File
from worker.pipeline.judging.candidates import FEW_CONTENTS, ContentIndex
from worker.pipeline.local_folder import LocalFolder


def crops(count: int) -> list[NDArray[np.uint8]]:
    """Different pieces of two photos."""
    chance = np.random.default_rng(5)
    photos = [load_sample_image("china.jpg"), load_sample_image("flower.jpg")]
    pieces = []
    for number in range(count):
        top, left = chance.integers(0, 427 - 150), chance.integers(0, 640 - 200)
        pieces.append(np.ascontiguousarray(photos[number % 2][top : top + 150, left : left + 200]))
    return pieces


def fill(store: MemoryStore, pictures: dict[str, NDArray[np.uint8]]) -> None:
    """Features of random weights are stood in for by a small, blurred version of the picture."""
    for name, picture in pictures.items():
        small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).reshape(1, -1).astype(np.float32)
        features = np.zeros((1, 4096), dtype=np.float32)
        features[:, : small.shape[1]] = small
        store.put_images("e", [(name, ImageFacts(200, 150), encode(features)[0], describe(picture).to_bytes())])


def itself(digest: str) -> str:
    return digest


@pytest.fixture(scope="module")
def filled() -> tuple[MemoryStore, list[str]]:
    store = MemoryStore()
    pictures = {f"{number:03}": piece for number, piece in enumerate(crops(FEW_CONTENTS + 16))}
    pictures["mirrored"] = np.ascontiguousarray(pictures["007"][:, ::-1])
    fill(store, pictures)
    return store, [name for name in pictures if name != "mirrored"]


def test_while_they_are_few_every_keeper_is_a_candidate(filled: tuple[MemoryStore, list[str]]) -> None:
    store, names = filled
    index = ContentIndex(store, "e")
    index.add(names[:5])
    assert index.search(names[0], itself, 3) == names[1:5]
    index.remove(names[2])
    assert index.search("mirrored", itself, 3) == [names[0], names[1], names[3], names[4]]


def test_among_many_the_original_of_a_mirrored_copy_comes_early_until_it_leaves(
    filled: tuple[MemoryStore, list[str]],
) -> None:
    store, names = filled
    index = ContentIndex(store, "e")
    for name in names:
        index.add([name])
    assert "007" in index.search("mirrored", itself, 5)
    assert len(index.search("mirrored", itself, 5)) <= 5
    assert index.search("mirrored", lambda name: "one group", 5) == index.search("mirrored", itself, 1)
    index.remove("007")
    assert "007" not in index.search("mirrored", itself, 80)
    assert index.search("unknown", itself, 5) == []


@pytest.mark.parametrize("part", ["features", "sketch", "no sketch"])
def test_what_is_damaged_is_told_and_the_others_are_in(filled: tuple[MemoryStore, list[str]], part: str) -> None:
    store, names = filled
    damaged = MemoryStore()
    for name in names:
        [raw], [sketch] = store.features("e", [name]), store.sketches([name])
        assert raw
        assert sketch
        if name == "003":
            raw = raw[:-1] if part == "features" else raw
            sketch = {"features": sketch, "sketch": sketch[:-1], "no sketch": b""}[part]
        damaged.put_images("e", [(name, ImageFacts(1, 1), raw, sketch)])
    index = ContentIndex(damaged, "e")
    with pytest.raises(DamagedImages) as raised:
        index.add(names)
    assert raised.value.digests == {"003"}
    assert "003" not in index.search("004", itself, 80)
    assert len(index.search("004", itself, 80)) == len(names) - 2
    for ahead in ([], ["003", "005"]):
        index.read_ahead(ahead)
        with pytest.raises(DamagedImages):
            index.search("003", itself, 5)


def test_what_is_read_ahead_is_not_read_again(
    filled: tuple[MemoryStore, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, names = filled
    index = ContentIndex(store, "e")
    index.add(names[:-2])
    index.read_ahead(names[-2:])
    with monkeypatch.context() as patched:
        patched.delattr(MemoryStore, "sketches")
        index.add([names[-2]])
        found = index.search(names[-1], itself, 5)
    index.read_ahead([])
    assert index.search(names[-1], itself, 5) == found


def test_contents_of_another_extractor_are_left_out(filled: tuple[MemoryStore, list[str]]) -> None:
    store, names = filled
    index = ContentIndex(store, "another")
    index.add(names)
    assert index.search(names[0], itself, 5) == []


class Shelf:
    """A folder of real files with sketches in the store."""

    def __init__(self, root: Path, thresholds: Thresholds | None = None) -> None:
        self.root = root
        self.store = MemoryStore()
        self.comparison = Comparison(self.store, LocalFolder(root), lambda: thresholds or Thresholds(), 10**8, 10**8)

    def put(self, name: str, picture: NDArray[np.uint8]) -> File:
        path = self.root / name
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.store.put_images("e", [(digest, ImageFacts(1, 1), b"", describe(picture).to_bytes())])
        found = path.stat()
        return File(name, Record(found.st_size, found.st_mtime_ns, State.READY, digest=digest))


def page(words: str) -> NDArray[np.uint8]:
    sheet = np.full((600, 800, 3), 255, dtype=np.uint8)
    for line in range(8):
        cv2.putText(sheet, f"{words} line {line}", (40, 80 + 60 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    return sheet


def test_an_edited_photo_matches_with_words_and_another_does_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    china, flower = load_sample_image("china.jpg"), load_sample_image("flower.jpg")
    keeper = shelf.put("china.png", china)
    half = shelf.put("half.png", cv2.resize(china, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)[:, ::-1].copy())
    match = shelf.comparison.compare(keeper, half)
    assert match
    assert match.similarity > 0.9
    assert "half size" in match.reason
    assert "mirrored" in match.reason
    assert shelf.comparison.compare(keeper, shelf.put("flower.png", flower)) is None


def test_strictly_a_mirrored_photo_is_another_and_a_smaller_one_is_not(tmp_path: Path) -> None:
    shelf, china = Shelf(tmp_path, Thresholds(whole=True)), load_sample_image("china.jpg")
    keeper, half = shelf.put("china.png", china), cv2.resize(china, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert shelf.comparison.compare(keeper, shelf.put("half.png", half))
    assert shelf.comparison.compare(keeper, shelf.put("mirrored.png", half[:, ::-1].copy())) is None


def test_pages_are_compared_as_files_and_proved_or_refused(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    keeper, other = shelf.put("a.png", page("first")), shelf.put("b.png", page("other"))
    smaller = cv2.resize(page("first"), (600, 450), interpolation=cv2.INTER_AREA)
    copy = shelf.put("c.png", smaller)
    assert shelf.comparison.compare(keeper, other) is None
    assert shelf.comparison.compare(keeper, copy)
    (tmp_path / "c.png").unlink()
    assert shelf.comparison.compare(keeper, copy) is None  # nothing is a duplicate unproved
    unknown = dataclasses.replace(copy, record=dataclasses.replace(copy.record, digest="0" * 64))
    with pytest.raises(DamagedImages) as raised:  # it was described: who cannot find that has to say so
        shelf.comparison.compare(keeper, unknown)
    assert raised.value.digests == {"0" * 64}
    shelf.store.put_images("e", [("0" * 64, ImageFacts(1, 1), b"", b"rubbish")])
    with pytest.raises(DamagedImages):
        shelf.comparison.compare(unknown, keeper)


def test_a_raw_and_a_picture_that_is_none_are_nothing_to_each_other(tmp_path: Path) -> None:
    shelf, china = Shelf(tmp_path), load_sample_image("china.jpg")

    def as_raw(file: File) -> File:
        return dataclasses.replace(file, record=dataclasses.replace(file.record, holds="the sensor's values, 14 bits"))

    raw, other = (as_raw(shelf.put(name, china)) for name in ("IMG_1.png", "other.png"))
    plain = shelf.put("exported.jpg", china)
    assert shelf.comparison.compare(raw, plain) is None
    assert shelf.comparison.compare(plain, raw) is None
    assert shelf.comparison.compare(raw, other)


def test_a_large_collection_is_searched_by_cells(
    filled: tuple[MemoryStore, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, names = filled
    monkeypatch.setattr("worker.engine.search.vectors.EXACT_UP_TO", 50)
    index = ContentIndex(store, "e")
    index.add(names)
    assert index._index is not None
    assert isinstance(index._index._vectors._parts[0], faiss.IndexIVF)
    assert "007" in index.search("mirrored", itself, 5)
