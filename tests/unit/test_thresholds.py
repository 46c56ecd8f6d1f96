"""Which thresholds count: the calibrated ones of the extractor in use, or the defaults, never a crash."""

import json
import logging

import pytest

from shared.errors import CorruptValue
from shared.records import Extractor
from shared.records.calibration import Calibration
from shared.records.sealed import seal
from shared.store import MemoryStore
from worker.engine.matching.thresholds import Thresholds
from worker.pipeline.thresholds import FRESH_SECONDS, CurrentThresholds, InForce, in_force

FOUND = Calibration({"similarity": 0.72}, "2026-11-23T04:15:00+00:00", 20, 4711)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.publish_extractor(Extractor("e1", "random", "VGG16"))
    return store


def test_without_a_calibration_of_this_extractor_the_defaults_count(store: MemoryStore) -> None:
    assert in_force(MemoryStore()) == InForce(Thresholds())
    store.put_thresholds("another", FOUND)
    assert in_force(store) == InForce(Thresholds())
    assert in_force(store).describe()["origin"] == "default"


def test_calibrated_ones_say_where_they_come_from(store: MemoryStore) -> None:
    store.put_thresholds("e1", FOUND)
    described = in_force(store).describe()
    assert described.pop("values")["similarity"] == 0.72
    assert described == {
        "origin": "calibrated", "calibrated": FOUND.at, "images": 20, "pairs": 4711, "near": "usual",
    }  # fmt: skip


def test_what_is_near_is_the_settings_whatever_was_calibrated(store: MemoryStore) -> None:
    assert in_force(store, whole=True) == InForce(Thresholds(whole=True))
    store.put_thresholds("e1", FOUND)
    strict = in_force(store, whole=True)
    assert strict.thresholds == Thresholds(similarity=0.72, whole=True)
    assert strict.describe()["near"] == "strict"
    assert CurrentThresholds(store, lambda: 0.0, whole=True)() == strict.thresholds


def test_what_a_summary_says_of_them_is_the_same_once_it_was_read_again(store: MemoryStore) -> None:
    """Or every recluster run would take it for a change, and compare all known pairs anew."""
    described = in_force(store).describe()
    assert json.loads(json.dumps(described)) == described


@pytest.mark.parametrize("values", [{"similarity": 0.1}, {"inliers": 1}, {"similarity": 0.7, "other": 1}])
def test_what_no_calibration_gives_is_refused(
    store: MemoryStore, values: dict[str, float], caplog: pytest.LogCaptureFixture
) -> None:
    store.put_thresholds("e1", Calibration(values, FOUND.at, 20, 4711))
    with caplog.at_level(logging.WARNING):
        assert in_force(store) == InForce(Thresholds())
    assert "imagesieve calibrate" in caplog.text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        FOUND.to_json().replace(b"0.72", b"0.02"),
        seal([]),
        seal({"values": {}, "at": "x", "images": 1}),
        seal({"values": {"similarity": "0.7"}, "at": "x", "images": 1, "pairs": 1}),
        seal({"values": {"similarity": float("nan")}, "at": "x", "images": 1, "pairs": 1}),
        seal({"values": {"similarity": True}, "at": "x", "images": 1, "pairs": 1}),
        seal({"values": {}, "at": "x", "images": 1, "pairs": 1, "more": 1}),
    ],
)
def test_damaged_calibrations_do_not_parse(raw: bytes) -> None:
    with pytest.raises(CorruptValue, match="imagesieve calibrate"):
        Calibration.from_json(raw)
    assert Calibration.from_json(FOUND.to_json()) == FOUND


def test_a_new_calibration_is_seen_within_seconds_and_not_looked_up_for_every_pair(store: MemoryStore) -> None:
    time = 0.0
    current = CurrentThresholds(store, lambda: time)
    assert current() == Thresholds()
    store.put_thresholds("e1", FOUND)
    time = FRESH_SECONDS - 0.1
    assert current() == Thresholds()
    time = FRESH_SECONDS
    assert current().similarity == 0.72
    store.put_thresholds("e1", Calibration({"similarity": 0.7}, FOUND.at, 20, 4711))
    assert current().similarity == 0.72
    assert current.refresh().thresholds.similarity == 0.7
    assert current().similarity == 0.7
