"""Counts, samples and forecasts, without files."""

import random

import pytest

from shared.admission import Why
from shared.failures import FailureKind
from shared.records.passed_over import Passed
from worker.pipeline.estimating.beginning import Found
from worker.pipeline.estimating.census import EXAMPLES, NAMED, REASONS, Census, Pictures, label_of
from worker.pipeline.estimating.forecast import (
    PLUMBING_SECONDS,
    REDIS_BYTES,
    REDIS_BYTES_OF_RECORD,
    STACK_SECONDS,
    Measured,
    Timed,
    foresee,
    foresee_format,
    foresee_room,
)
from worker.pipeline.estimating.neighbours import Neighbours
from worker.pipeline.estimating.rate import gather, measure_rate, whole_lines
from worker.pipeline.estimating.sample import Drawn, Sample, turns
from worker.pipeline.extracting.reading import Refused

MEGA = 10**6


def test_files_are_counted_by_what_becomes_of_them() -> None:
    census = Census()
    census.add("a.jpg", 10, Found("JPEG", 2 * MEGA))
    census.add("b.jpg", 20, Found("JPEG", 3 * MEGA))
    census.add("c.nef", 30, Found("camera raw", 0))
    census.add("d.mov", 40, None)
    for name in "efghi":
        census.add(f"{name}.jxl", 5, Refused(FailureKind.UNSUPPORTED, "JPEG XL picture: not supported; convert it"))
    census.pass_over(Passed("x.pdf", 7, Why.SUFFIX))
    census.pass_over(Passed(".hidden/", 0, Why.NAME))
    census.accompany([("sidecar", 3), ("video", 40), ("sidecar", 4)])
    found = census.describe()
    assert found["formats"] == [
        {"format": "JPEG", "files": 2, "bytes": 30, "megapixels": 5.0, "size_unknown": 0},
        {"format": "camera raw", "files": 1, "bytes": 30, "megapixels": 0.0, "size_unknown": 1},
    ]
    assert census.images == 3
    assert found["by_bytes"] == {"files": 1, "bytes": 40}
    assert found["refused"] == [
        {
            "kind": "unsupported", "reason": "JPEG XL picture", "files": 5, "bytes": 25,
            "examples": ["e.jxl", "f.jxl", "g.jxl"],
        }
    ]  # fmt: skip
    assert found["passed_over"] == {
        "files": 2, "bytes": 7,
        "kinds": [{"kind": ".pdf", "files": 1, "bytes": 7}, {"kind": str(Why.NAME), "files": 1, "bytes": 0}],
    }  # fmt: skip
    assert found["companions"] == [
        {"role": "sidecar", "files": 2, "bytes": 7},
        {"role": "video", "files": 1, "bytes": 40},
    ]
    assert found["unreadable_folders"] == {"folders": 0, "first": []}


def test_a_census_of_many_names_stays_small() -> None:
    census = Census()
    for number in range(3 * REASONS):
        census.add(f"{number}.jpg", 1, Refused(FailureKind.OTHER, f"reason {number}"))
        census.pass_over(Passed(f"a.{number}", 1, Why.SUFFIX))
        census.pass_over(Passed(f"{number}/", 0, Why.UNREADABLE))
    found = census.describe()
    assert len(found["refused"]) == REASONS + 1
    assert sum(one["files"] for one in found["refused"]) == 3 * REASONS
    assert max(len(one["examples"]) for one in found["refused"]) == EXAMPLES
    assert len(found["passed_over"]["kinds"]) == REASONS + 2
    assert found["unreadable_folders"]["folders"] == 3 * REASONS
    assert len(found["unreadable_folders"]["first"]) == NAMED


@pytest.mark.parametrize(
    ("kind", "reason", "label"),
    [
        (FailureKind.UNSUPPORTED, "TIFF picture with compression 3: not supported", "TIFF picture with compression 3"),
        (FailureKind.DAMAGED, "PNG file that cannot be read: damaged, or (x: y)", "PNG file that cannot be read"),
        (FailureKind.EMPTY, "empty file (0 bytes)", "empty file"),
        (FailureKind.NO_IMAGE, "not an image: it looks like text", "not an image: it looks like text"),
    ],
)  # fmt: skip
def test_a_label_is_what_files_of_one_kind_have_in_common(kind: FailureKind, reason: str, label: str) -> None:
    assert label_of(kind, reason) == label


def test_companions_are_found_in_folders_that_go_by_in_pieces() -> None:
    neighbours = Neighbours()
    found: list[tuple[str, int]] = []
    for path in ("a/IMG_1.HEIC", "b/x.jpg", "a/IMG_1.MOV", "b/y.jpg.xmp", "b/x.jpg.xmp", "IMG_1.MOV"):
        found += neighbours.add(path, len(path), 0)
    assert found == []
    assert sorted(neighbours.finish()) == [("sidecar", len("b/x.jpg.xmp")), ("video", len("a/IMG_1.MOV"))]


def test_folders_that_were_seen_last_are_let_go_for_new_ones() -> None:
    neighbours = Neighbours(held=4)
    found: list[tuple[str, int]] = []
    for folder in range(100):
        for name in ("IMG_1.HEIC", "IMG_1.MOV"):
            found += neighbours.add(f"{folder}/{name}", 1, 0)
            assert sum(map(len, neighbours._folders.values())) <= 5
    assert found == [("video", 1)] * 98
    assert list(neighbours.finish()) == [("video", 1)] * 2


def test_a_sample_holds_each_file_as_likely_as_any_other() -> None:
    drawn: dict[str, int] = {}
    for seed in range(400):
        sample = Sample(each=5, seed=seed)
        for number in range(20):
            sample.add(Drawn("JPEG", str(number), 1, 0))
        sample.add(Drawn("PNG", "one", 1, 0))
        found = sample.finish()
        assert [one.path for one in found["PNG"]] == ["one"]
        assert len({one.path for one in found["JPEG"]}) == 5
        for one in found["JPEG"]:
            drawn[one.path] = drawn.get(one.path, 0) + 1
    assert len(drawn) == 20
    assert all(60 < count < 140 for count in drawn.values())  # 100 expected, deviation 9


def test_a_sample_is_the_same_for_the_same_files() -> None:
    def draw() -> dict[str, list[Drawn]]:
        sample = Sample(each=3)
        for number in range(50):
            sample.add(Drawn("JPEG", str(number), 1, 0))
        return sample.finish()

    assert draw() == draw()


def test_every_format_has_a_turn_before_the_weighty_ones_have_more() -> None:
    drawn = {name: [Drawn(name, str(number), 1, 0) for number in range(10)] for name in ("JPEG", "PNG", "GIF")}
    order = ["".join({one.format for one in turn}) for turn in turns({"JPEG": 60, "PNG": 30, "GIF": 1}, drawn, 2)]
    assert order[:3] == ["JPEG", "PNG", "GIF"]
    assert order[3:6] == ["JPEG", "JPEG", "PNG"]  # each has had as many for its weight, then
    assert {name: order.count(name) for name in drawn} == {"JPEG": 5, "PNG": 5, "GIF": 5}


def test_a_turn_takes_what_is_left() -> None:
    drawn = {"JPEG": [Drawn("JPEG", str(number), 1, 0) for number in range(3)]}
    assert [len(turn) for turn in turns({"JPEG": 1}, drawn, 2)] == [2, 1]


def test_a_format_takes_what_its_sample_took_for_pictures_as_large() -> None:
    chance = random.Random(0)
    timed = [Timed(size, 0.02 + 0.01 * size) for size in (chance.uniform(1, 20) for _ in range(10))]
    assert foresee_format(Pictures(1000, 0, 12_000 * MEGA), timed, timed) == pytest.approx(1000 * (0.02 + 0.12))
    # Nothing says how large some are: each is as the mean of the sample.
    mean = sum(one.seconds for one in timed) / len(timed)
    assert foresee_format(Pictures(1000, 0, 500 * MEGA, unsized=1), timed, timed) == pytest.approx(1000 * mean)


def test_smaller_pictures_never_take_less_than_the_quickest_did() -> None:
    timed = [Timed(10, 1.0), Timed(11, 2.0), Timed(12, 3.0)]
    assert foresee_format(Pictures(10, 0, 10 * MEGA), timed, timed) == pytest.approx(10.0)
    falling = [Timed(10, 3.0), Timed(11, 2.0), Timed(12, 1.0)]
    assert foresee_format(Pictures(10, 0, 900 * MEGA), falling, falling) == pytest.approx(20.0)


def test_a_format_of_which_none_was_measured_is_as_the_others() -> None:
    assert foresee_format(Pictures(10, 0, 10 * MEGA), [], [Timed(1, 1.0), Timed(1, 3.0)]) == pytest.approx(20.0)
    assert foresee_format(Pictures(10, 0, 10 * MEGA), [], []) == 0


PICTURES = {"JPEG": Pictures(100, 1, 200 * MEGA)}
MEASURED = Measured({"JPEG": [Timed(2, 0.05)]}, network=0.15, verdict=0.01, digest=1e6, cores=1.5, start=3.0)


def test_core_seconds_are_shared_by_the_cores_that_were_got() -> None:
    found = foresee(PICTURES, (10, 5_000_000), MEASURED, cores=2, proposers=0)
    assert (found.describing, found.forward, found.reading) == pytest.approx((5.0, 15.0, 5.0))
    assert found.verdicts == pytest.approx(100 * 0.01 + 110 * PLUMBING_SECONDS)
    work = 25 + found.verdicts + STACK_SECONDS
    assert found.seconds == pytest.approx(work / 1.5 + 3)
    assert found.idle == pytest.approx(work / 2 + 3)
    assert found.limit == "the processors"
    assert found.formats == {"JPEG": pytest.approx(5.0)}


def test_a_gpu_or_the_one_verdict_writer_may_be_what_limits() -> None:
    many = Measured({"JPEG": [Timed(2, 0.05)]}, network=0.001, device=0.02, verdict=0.03, cores=64, start=0)
    found = foresee(PICTURES, (0, 0), many, cores=64, proposers=0)
    assert found.limit == "the verdict writer"
    assert found.seconds == found.idle == pytest.approx(found.verdicts)
    found = foresee(PICTURES, (0, 0), many, cores=64, proposers=16)
    assert found.limit == "the network"
    assert found.seconds == pytest.approx(2.0)


def test_room_is_what_an_image_was_measured_to_take() -> None:
    room = foresee_room(1000, 10, "int8", 5)
    assert room.redis == 1000 * REDIS_BYTES["int8"] + 10 * REDIS_BYTES_OF_RECORD
    assert foresee_room(1000, 10, "float16", 5).redis > room.redis
    assert room.log == room.redis
    assert room.reports == 5 * foresee_room(1000, 10, "int8", 1).reports


def test_what_was_measured_is_put_together() -> None:
    rows = [
        {"digest": 1e9},
        {"format": "JPEG", "refused": "", "timed": [2.0, 0.1]},
        {"format": "JPEG", "refused": "damaged", "timed": [2.0, 0.1]},
        {"cores": 1.0},
        {"verdict": 0.01},
        {"start": 4.0},
        {"network": 0.2, "device": 0.0},
        {"cores": 1.9},
        {"network": 0.1, "device": 0.0},
    ]
    found = gather(rows)
    assert found.rate == Measured({"JPEG": [Timed(2.0, 0.1)]}, 0.1, 0.0, 0.01, 1e9, 1.9, 4.0)
    assert found.refused == {"damaged": 1}
    assert found.missing == ""


def test_a_measurement_that_was_cut_off_says_so() -> None:
    assert "could be decoded" in gather([{"digest": 1e9}, {"cores": 1.0}]).missing
    assert "the network" in gather([{"format": "JPEG", "refused": "", "timed": [2.0, 0.1]}]).missing
    assert whole_lines('{"a": 1}\n{"b": 2}\n{"c') == ['{"a": 1}', '{"b": 2}']
    assert whole_lines('{"c') == []


def test_a_measurement_is_ended_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.pipeline.estimating.rate.PATIENCE", 0.2)
    said: list[str] = []
    found = measure_rate({"JPEG": [Drawn("JPEG", "a.jpg", 1, 0)]}, PICTURES, 2, said.append)
    assert found.rate is None
    assert len(said) == 1
