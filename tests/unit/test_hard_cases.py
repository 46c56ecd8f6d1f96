"""Pictures that look alike: which are no copies of one another, and which are, by the way that the worker goes."""

import hashlib
import itertools
import os
import zlib

import pytest

from shared.records import Record, State
from shared.store import MemoryStore
from tests.hard import ALL
from worker.engine.edits.attacks import encoded
from worker.engine.matching.thresholds import Thresholds
from worker.engine.sketch.impression import take_impression
from worker.pipeline.comparison import Comparison, File
from worker.pipeline.local_folder import LocalFolder

MOST = 10**8
ALLOWED = {
    "none": {"none"},
    "variant allowed": {"none", "variant"},
    "near": {"near"},
    "variant": {"variant"},
}
MISSED = {  # true pairs that are refused: to err that way loses nothing
    "catalogue-black-trousers-sent-on",  # black on 208 pixels: compression leaves an outline
    "flower-with-words",  # words from edge to edge take most of the keypoints
    "hills-with-words",
    "written-form-scanned-twice",  # thin lines, one of which two scans bend apart by more than a pixel
}


def relations(case, folder):
    """What the worker makes of every two files of a case, by their names."""
    store, files = MemoryStore(), {}
    for name, picture in case.pictures.items():
        data = encoded(picture, case.suffix[name], case.quality[name])
        path = folder / f"{name}{case.suffix[name]}"
        path.write_bytes(data)
        impression = take_impression(data, MOST)
        digest = hashlib.sha256(data).hexdigest()
        found = path.stat()
        files[name] = File(path.name, Record(found.st_size, found.st_mtime_ns, State.READY, digest=digest))
        store.put_images("x", [(digest, impression.facts, b"", impression.sketch.to_bytes())])
    comparison = Comparison(store, LocalFolder(folder), Thresholds, MOST, MOST)
    matches = {pair: comparison.compare(*(files[name] for name in pair)) for pair in itertools.combinations(files, 2)}
    return {"".join(pair): str(match.relation) if match else "none" for pair, match in matches.items()}


def one_of_each():
    """Each kind in one of its dresses, another one for another kind; `make hard` takes all of them."""
    kinds = {kind: list(some) for kind, some in itertools.groupby(ALL, key=lambda recipe: recipe.kind)}
    return [some[zlib.crc32(kind.encode()) % len(some)] for kind, some in kinds.items()]


@pytest.mark.parametrize(
    "recipe", ALL if os.environ.get("HARD_CASES") == "all" else one_of_each(), ids=lambda recipe: recipe.name
)
def test_alike_is_not_the_same(recipe, tmp_path):
    check(recipe.case(), tmp_path)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("jeans-of-a-range-jpeg", 1),
        ("trousers-light-and-olive-jpeg", 1),
        ("trousers-two-black-jpeg", 2),
        ("shirts-white-and-ivory", 5),
    ],
)
def test_garments_of_other_seeds_are_told_apart(name, seed, tmp_path):
    """They fill their picture, or agree in a bit of their inside by chance."""
    [recipe] = [one for one in ALL if one.name == name]
    check(recipe.case(seed), tmp_path)


def check(case, folder):
    """Let the worker compare every two of its pictures."""
    found = relations(case, folder)
    allowed = ALLOWED[case.relation] | ({"none"} if case.name in MISSED else set())
    assert set(found.values()) <= allowed, found
