"""A collection becomes a generation: in-memory store, real clustering, real report, real files."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.admission import Why
from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.records import Extractor, ImageFacts, Match, Record, Reference, Relation, State, pair_of
from shared.records.calibration import Calibration
from shared.records.passed_over import Amount, Passed, PassedOver, pack_passed
from shared.settings import load_settings
from shared.store import Counter, MemoryStore
from tests.failed import mark_failed
from worker.engine.groups.keepers import FolderRules
from worker.engine.search.encoding import encode
from worker.pipeline.comparison import File
from worker.pipeline.local_folder import LocalFolder
from worker.pipeline.reclustering.recluster import recluster
from worker.pipeline.reclustering.reclustering import Reclustering
from worker.pipeline.thresholds import in_force

pytestmark = pytest.mark.usefixtures("drawn_once")

EXTRACTOR = Extractor("e1", "random", "VGG16 fc2, random weights", "random weights: rough")


class Desk:
    """A watched folder with real small pictures whose features are made up: well-separated families."""

    def __init__(self, base: Path) -> None:
        self.root = base / "watched"
        self.root.mkdir()
        self.store = MemoryStore()
        self.store.publish_extractor(EXTRACTOR)
        self.time = 1_000_000.0
        self.compared: list[tuple[str, str]] = []
        self.alike: dict[str, float] = {}
        self.whole = False
        self.cropped: set[str] = set()
        self.reclustering = Reclustering(
            store=self.store,
            storage=LocalFolder(self.root),
            reports=base / "reports",
            now=self._now,
            geometry="cosine",
            k_max=10,
            silhouette_sample=1000,
            keep_generations=2,
            keep_features=60.0,
            max_pixels=10**6,
            max_bytes=10**6,
            compare=self.compare,
            thresholds=lambda: in_force(self.store, self.whole),
            keeper_order=("pixels", "bytes", "oldest", "shortest", "path"),
        )

    def compare(self, keeper: File, other: File) -> Match | None:
        self.compared.append((keeper.path, other.path))
        similarity = self.alike.get(keeper.path + other.path, 0.0)
        passes = similarity >= in_force(self.store).thresholds.similarity
        refused = self.whole and other.path in self.cropped
        return Match(similarity, "alike") if passes and not refused else None

    def _now(self) -> float:
        self.time += 1
        return self.time

    def add(
        self,
        path: str,
        family: int,
        seed: int,
        digest: str = "",
        verdict: str = "unique",
        since: float = 2.0,
        picture: Image.Image | None = None,
        pixels: str = "",
    ) -> None:
        chance = np.random.default_rng([family, seed])
        features = np.zeros((1, 4096), dtype=np.float32)
        features[0, 100 * family : 100 * family + 50] = 10
        features += chance.random((1, 4096), dtype=np.float32)
        digest = digest or f"{family:032x}{seed:032x}"
        picture = picture or Image.new("RGB", (40, 30), (family * 40, seed, 0))
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        picture.save(self.root / path)
        found = (self.root / path).stat()
        reference = Reference(path, found.st_size, found.st_mtime_ns)
        self.store.mark_pending([reference], now=1.0)
        [seen] = self.store.records([path])
        assert seen
        self.store.put_images("e1", [(digest, ImageFacts(*picture.size, pixels), encode(features)[0], b"")])
        ready = Record(seen.size, seen.mtime_ns, State.READY, since, digest, *picture.size, "e1", verdict)
        assert self.store.complete([(path, seen, ready)]) == [True]

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.reclustering.reports / "latest" / name).open(newline="") as lines:
            return list(csv.DictReader(lines))

    def clusters(self) -> dict[str, str]:
        return {row["path"]: row["cluster"] for row in self.rows("assignments.csv")}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def fill(desk: Desk, families: int = 3, each: int = 6) -> None:
    for family in range(families):
        for seed in range(each):
            desk.add(f"f{family}-{seed}.png", family, seed)


def test_what_belongs_to_a_picture_stands_in_its_group(desk: Desk) -> None:
    fill(desk)
    desk.add("sub/f0-0.png", 0, 0)
    at = (desk.root / "sub" / "f0-0.png").stat().st_mtime_ns
    videos = [(Reference(path, 5000, at), "not read") for path in ("f0-0.MOV", "sub/f0-0.MOV", "sub/f1-0.MOV")]
    mark_failed(desk.store, videos, FailureKind.DAMAGED, now=1.0)
    others = [Passed(path, 300, Why.SUFFIX) for path in ("f0-0.xmp", "sub/f0-0.xmp", "f0-0.txt")]
    passed = PassedOver({".xmp": Amount(2, 600), ".txt": Amount(1, 300)}, listed=3, parts="x")
    desk.store.put_passed_over(passed, [pack_passed(others)])
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert [row["companions"] for row in desk.rows("duplicates.csv")] == ["f0-0.MOV/f0-0.xmp"] * 2
    [duplicate] = [row for row in desk.rows("duplicates.csv") if row["role"] == "duplicate"]
    assert int(duplicate["frees"]) == int(duplicate["bytes"]) + 5300


def test_families_become_clusters_and_copies_become_groups(desk: Desk) -> None:
    fill(desk)
    desk.add("copy.png", 0, 0)
    mark_failed(desk.store, [(Reference("bad.jpg", 1, 1), "empty file")], FailureKind.NO_IMAGE, now=1.0)
    desk.store.mark_pending([Reference("late.jpg", 1, 1)], now=1.0)
    passed = PassedOver({".xmp": Amount(1, 7)}, listed=1, parts="x")
    desk.store.put_passed_over(passed, [pack_passed([Passed("a.xmp", 7, Why.SUFFIX)])])
    outcome = recluster(desk.reclustering, force=False)
    assert outcome["outcome"] == "published"
    clusters = desk.clusters()
    assert len(clusters) == 19
    assert len({clusters[f"f{family}-0.png"] for family in range(3)}) == 3
    for family in range(3):
        assert len({clusters[f"f{family}-{seed}.png"] for seed in range(6)}) == 1
    assert clusters["copy.png"] == clusters["f0-0.png"]
    assert {row["path"]: row["kind"] for row in desk.rows("duplicates.csv")} == {
        "copy.png": "exact",
        "f0-0.png": "exact",
    }
    assert sorted(row["role"] for row in desk.rows("duplicates.csv")) == ["duplicate", "keeper"]
    assert desk.rows("failures.csv") == [{"path": "bad.jpg", "reason": "empty file"}]
    assert desk.rows("passed-over.csv") == [
        {"path": "a.xmp", "suffix": ".xmp", "bytes": "7", "reason": "no picture by its suffix"}
    ]
    summary = json.loads((desk.reclustering.reports / "latest" / "summary.json").read_text())
    assert summary == desk.store.generation().summary  # type: ignore[union-attr]
    assert summary["k"] == 3
    assert summary["counts"]["waiting"] == 1


def test_the_periodic_look_waits_for_more_than_a_few_files(desk: Desk) -> None:
    fill(desk)
    first = recluster(desk.reclustering, force=False, patient=True)
    assert first["outcome"] == "published"
    desk.add("new.png", 1, 99)
    early = recluster(desk.reclustering, force=False, patient=True)
    assert (early["outcome"], early["generation"]) == ("early", first["generation"])
    assert "0 of 18 files came or went since" in early["message"]
    desk.store.add(Counter.CHANGED, 1)  # as the verdict writer counts
    assert recluster(desk.reclustering, force=False, patient=True)["outcome"] == "published"
    desk.store.mark_pending([Reference("late.jpg", 1, 1)], now=1.0)
    assert recluster(desk.reclustering, force=False, patient=True)["outcome"] == "early"
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"


def test_the_copy_with_more_companions_stays_and_sidecars_change_nothing(desk: Desk) -> None:
    fill(desk)
    for folder in ("older", "newer", "newest"):
        desk.add(f"{folder}/IMG_1.png", 0, 0)
    ordered = dataclasses.replace(desk.reclustering, keeper_order=("bytes", "companions", "path"))

    def keeper() -> str:
        recluster(ordered, force=True)
        [found] = {row["path"] for row in desk.rows("duplicates.csv") if row["role"] == "keeper"}
        return found

    assert keeper() == "f0-0.png"
    at = (desk.root / "newest" / "IMG_1.png").stat().st_mtime_ns
    for number, path in enumerate(["newest/IMG_1.MOV", "newest/IMG_1.DNG", "newer/IMG_1.MOV"]):
        reference = Reference(path, 500, at)
        desk.store.mark_pending([reference], now=1.0)
        [seen] = desk.store.records([path])
        assert seen
        video = dataclasses.replace(seen, state=State.READY, digest=f"film {number}", verdict="unique")
        assert desk.store.complete([(path, seen, video)]) == [True]
    assert keeper() == "newest/IMG_1.png"
    passed = PassedOver({".xmp": Amount(3, 900)}, listed=3, parts="x")
    sidecars = [Passed(f"newer/IMG_1.{suffix}", 300, Why.SUFFIX) for suffix in ("xmp", "aae", "json")]
    desk.store.put_passed_over(passed, [pack_passed(sidecars)])
    assert keeper() == "newest/IMG_1.png"


def test_the_report_says_which_rule_decided_and_other_formats_make_a_run_due(desk: Desk) -> None:
    fill(desk)
    for path, nature in (("a.png", "jpeg camera"), ("b.png", "lossless"), ("c.png", "lossless anew")):
        desk.add(path, 1, 50)
        [seen] = desk.store.records([path])
        assert seen
        desk.store.complete([(path, seen, dataclasses.replace(seen, nature=nature))])
    ordered = dataclasses.replace(desk.reclustering, keeper_order=("format", "path"))
    recluster(ordered, force=False)
    rules = {(row["path"], row["role"]): row["keeper_rule"] for row in desk.rows("duplicates.csv")}
    assert rules == {("a.png", "keeper"): "format", ("b.png", "duplicate"): "", ("c.png", "duplicate"): ""}
    latest = desk.reclustering.reports / "latest"
    assert json.loads((latest / "summary.json").read_text())["keeper_rules"] == {"format": 1}
    assert "kept: best format" in (latest / "report.html").read_text()
    assert "kept: best format" in (latest / "summary.txt").read_text()
    assert recluster(ordered, force=False)["outcome"] == "unchanged"
    turned = dataclasses.replace(
        ordered, keeper_formats=("conversion", "plain", "jpeg", "raw", "heic", "lossless", "bare")
    )
    assert recluster(turned, force=False)["outcome"] == "published"
    assert {row["path"] for row in desk.rows("duplicates.csv") if row["role"] == "keeper"} == {"c.png"}


def test_what_does_not_come_from_files_is_not_waited_for(desk: Desk) -> None:
    fill(desk)
    recluster(desk.reclustering, force=False)
    desk.add("new.png", 1, 99)
    ordered = dataclasses.replace(desk.reclustering, keeper_order=("path",))
    assert recluster(ordered, force=False, patient=True)["outcome"] == "published"
    assert recluster(ordered, force=False, k=2, patient=True)["outcome"] == "published"


def test_each_file_that_changed_its_cluster_has_an_event(desk: Desk) -> None:
    fill(desk)
    desk.add("copy.png", 2, 0)
    recluster(desk.reclustering, force=False)
    before = desk.clusters()
    after = desk.store.latest_events(1)[0][0] if desk.store.latest_events(1) else "0"
    recluster(desk.reclustering, force=False, k=2)
    moved = {path: (before[path], number) for path, number in desk.clusters().items() if before[path] != number}
    told = {
        event.path: (str(event.cluster_before), str(event.cluster))
        for _, event in desk.store.events(after, wait=0.0)
        if event.cluster_before is not None
    }
    assert moved
    assert told == moved
    recluster(desk.reclustering, force=True)
    assert len([event for _, event in desk.store.events(after, wait=0.0) if event.cluster_before is not None]) == len(
        told
    )


def test_nothing_changed_nothing_done_unless_forced(desk: Desk) -> None:
    fill(desk, families=2)
    first = recluster(desk.reclustering, force=False)["generation"]
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"
    forced = recluster(desk.reclustering, force=True)
    assert forced["outcome"] == "published"
    assert forced["generation"] > first
    desk.add("new.png", 1, 99)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"


def test_a_lost_verdict_makes_runs_due_and_is_asked_for_after_a_minute(desk: Desk) -> None:
    fill(desk, families=2)
    desk.add("new.png", 1, 99, verdict="", since=desk.time)
    mark_failed(desk.store, [(Reference("bad.jpg", 1, 1), "empty file")], FailureKind.NO_IMAGE, now=desk.time)
    assert recluster(desk.reclustering, force=False)["unjudged"] == []
    desk.time += 60
    desk.time += 1
    assert sorted(recluster(desk.reclustering, force=False)["unjudged"]) == ["bad.jpg", "new.png"]


def test_a_lost_verdict_is_asked_for_at_once_when_the_clock_was_set_back(desk: Desk) -> None:
    fill(desk, families=2)
    desk.add("new.png", 1, 99, verdict="", since=desk.time)
    desk.time -= 3600
    assert recluster(desk.reclustering, force=False)["unjudged"] == ["new.png"]


def test_a_run_that_ends_before_its_corrections_are_written_is_due_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk, families=2)
    desk.add("copy.png", 0, 0)

    def vanish(*_: object, **__: object) -> None:
        raise Unavailable("Redis", "is away")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "give_verdicts", vanish)
        with pytest.raises(Unavailable):
            recluster(desk.reclustering, force=False)
    assert recluster(desk.reclustering, force=False)["corrected"] == 1
    records = desk.store.records(["copy.png", "f0-0.png"])
    assert {record.verdict for record in records if record} == {"exact", "unique"}


def test_cluster_numbers_stay_with_their_images(desk: Desk) -> None:
    fill(desk, families=3)
    recluster(desk.reclustering, force=False)
    before = desk.clusters()
    fill_new = [("n0.png", 3), ("n1.png", 3), ("n2.png", 3), ("n3.png", 3), ("n4.png", 3), ("n5.png", 3), ("n6.png", 3)]
    for seed, (path, family) in enumerate(fill_new):
        desk.add(path, family, 50 + seed)
    recluster(desk.reclustering, force=False)
    after = desk.clusters()
    assert {path: after[path] for path in before} == before
    assert after["n0.png"] not in set(before.values())
    assert desk.rows("changes.csv") == []


def test_what_is_in_another_cluster_than_before_is_listed(desk: Desk) -> None:
    fill(desk, families=3)
    recluster(desk.reclustering, force=False, k=2)
    assert desk.rows("changes.csv") == []
    before = desk.clusters()
    desk.add("new.png", 2, 77)
    recluster(desk.reclustering, force=False, k=3)
    after = desk.clusters()
    moved = [(path, before[path], after[path]) for path in sorted(before) if before[path] != after[path]]
    assert [(row["path"], row["from"], row["to"]) for row in desk.rows("changes.csv")] == moved
    assert len(moved) == 6


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_very_few_images_make_a_complete_report(desk: Desk, count: int) -> None:
    for number in range(count):
        desk.add(f"{number}.png", number, number)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert len(desk.rows("assignments.csv")) == count
    assert (desk.reclustering.reports / "latest" / "elbow.png").stat().st_size > 1000


def test_identical_images_only(desk: Desk) -> None:
    for number in range(5):
        desk.add(f"{number}.png", 1, 1)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert len(desk.rows("duplicates.csv")) == 5
    assert desk.store.generation().k == 1  # type: ignore[union-attr]


def test_the_report_warns_of_rules_that_match_no_folder(desk: Desk) -> None:
    fill(desk, families=2)
    said = load_settings(watch_dir=desk.root, protect_folders="orginals").folder_warnings()
    recluster(dataclasses.replace(desk.reclustering, warnings=lambda: said), force=False)
    generation = desk.store.generation()
    assert generation
    [sentence] = generation.summary["warnings"]
    assert "names 'orginals', and there is no such folder" in sentence


def test_one_run_at_a_time(desk: Desk) -> None:
    with desk.store.lease("recluster"):
        assert recluster(desk.reclustering, force=True)["outcome"] == "busy"
    assert not desk.reclustering.reports.exists()


def test_a_report_that_cannot_be_written_fails_alone_and_is_tried_again(desk: Desk) -> None:
    fill(desk, families=2)
    old = recluster(desk.reclustering, force=False)["generation"]
    desk.add("copy.png", 0, 0)
    away = desk.reclustering.reports.rename(desk.reclustering.reports.with_name("away"))
    desk.reclustering.reports.write_text("in the place of the folder")
    outcome = recluster(desk.reclustering, force=False)
    assert outcome["outcome"] == "published"
    assert "could not be written" in outcome["report_error"]
    assert "make room" in outcome["message"]
    generation = desk.store.generation()
    assert generation
    assert generation.id == outcome["generation"] > old
    assert generation.summary["report_error"] == outcome["report_error"]
    assert generation.summary["counts"]["images"] == 13

    desk.reclustering.reports.unlink()
    away.rename(desk.reclustering.reports)
    assert (desk.reclustering.reports / "latest").resolve().name == old
    again = recluster(desk.reclustering, force=False)
    assert (again["outcome"], again["report_error"]) == ("published", "")
    assert (desk.reclustering.reports / "latest").resolve().name == again["generation"]
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"


def test_only_so_many_generations_are_kept(desk: Desk) -> None:
    fill(desk, families=1)
    made = [recluster(desk.reclustering, force=True)["generation"] for _ in range(4)]
    folders = sorted(path.name for path in desk.reclustering.reports.iterdir())
    assert folders == [*made[2:], "latest"]


def test_the_history_outlives_the_generations_that_are_kept(desk: Desk) -> None:
    fill(desk, families=1)
    made = [recluster(desk.reclustering, force=True)["generation"] for _ in range(3)]
    desk.add("copy.png", 0, 0)
    made.append(recluster(desk.reclustering, force=False)["generation"])
    history = desk.store.history()
    assert [past.generation for past in history] == made
    assert [(past.images, past.duplicates, past.k) for past in history] == [(6, 0, 2)] * 3 + [(7, 1, 2)]
    summary = json.loads((desk.reclustering.reports / "latest" / "summary.json").read_text())
    assert summary["history"] == [dataclasses.asdict(past) for past in reversed(history)]
    assert "4 generations since" in (desk.reclustering.reports / "latest" / "report.html").read_text()
    recluster(desk.reclustering, force=False)
    assert len(desk.store.history()) == 4  # nothing was published


def test_another_extractor_makes_a_new_generation_of_its_own_features(desk: Desk) -> None:
    fill(desk, families=1)
    recluster(desk.reclustering, force=False)
    desk.store.publish_extractor(Extractor("e2", "file", "VGG16 fc2, other weights"))
    outcome = recluster(desk.reclustering, force=False)
    assert outcome["outcome"] == "published"
    summary = desk.store.generation().summary  # type: ignore[union-attr]
    assert (summary["counts"]["images"], summary["counts"]["waiting"]) == (0, 6)


def test_before_any_feature_worker_there_is_nothing_to_do(desk: Desk) -> None:
    desk.reclustering.store.__init__()  # type: ignore[misc]
    assert recluster(desk.reclustering, force=True)["outcome"] == "unchanged"


def test_features_nobody_refers_to_are_let_go(desk: Desk) -> None:
    fill(desk, families=1, each=3)
    desk.store.forget(["f0-0.png"])
    recluster(desk.reclustering, force=False)
    assert desk.store.expire_features("e1", 60) == 0  # two live digests; the third was marked by the run
    desk.store.forget(["f0-1.png", "f0-2.png"])
    assert desk.store.expire_features("e1", 60) == 6


def test_another_order_of_keepers_makes_a_run_due(desk: Desk) -> None:
    desk.add("a.png", 1, 1)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"
    assert (
        recluster(dataclasses.replace(desk.reclustering, keeper_order=("newest",)), force=False)["outcome"]
        == "published"
    )


def test_other_folders_that_decide_make_a_run_due_and_decide(desk: Desk) -> None:
    for folder in ("a", "b"):
        (desk.root / folder).mkdir()
        desk.add(f"{folder}/1.png", 1, 1, digest="d" * 64)
    recluster(desk.reclustering, force=False)
    roles = {row["role"]: row["path"] for row in desk.rows("duplicates.csv")}
    assert roles == {"keeper": "a/1.png", "duplicate": "b/1.png"}
    rules = FolderRules(protect=("b",))
    reclustering = dataclasses.replace(desk.reclustering, folders=lambda: rules)
    assert recluster(reclustering, force=False)["outcome"] == "published"
    roles = {row["role"]: row["path"] for row in desk.rows("duplicates.csv")}
    assert roles == {"keeper": "b/1.png", "duplicate": "a/1.png"}
    assert recluster(reclustering, force=False)["outcome"] == "unchanged"
    rules = FolderRules(prefer=("a",), protect=("b",))
    assert recluster(reclustering, force=False)["outcome"] == "published"
    generation = desk.store.generation()
    assert generation
    assert generation.summary["protected_folders"] == ["b"]
    assert generation.summary["folder"] == str(desk.root)


def test_a_variant_is_listed_and_counted_as_what_it_is(desk: Desk) -> None:
    desk.add("scene.png", 1, 1)
    desk.add("=fox.png", 1, 2, picture=Image.new("RGB", (30, 20), "red"))
    desk.add("copy.png", 1, 2, picture=Image.new("RGB", (30, 20), "red"))
    digests = [record.digest for record in desk.store.records(["scene.png", "=fox.png"]) if record]
    places = ((0.0, 0.5, 0.2, 1.0), (0.0, 0.5, 0.2, 1.0))
    match = Match(0.93, "differs in 3 % at the lower left", Relation.VARIANT, 0.03, places)
    desk.store.put_matches({pair_of(*digests): match})
    assert recluster(desk.reclustering, force=False)["corrected"] == 2
    assert desk.rows("variants.csv") == [
        {
            "path": "./=fox.png", "variant_of": "scene.png", "similarity": "0.9300", "share": "0.0300",
            "reason": "differs in 3 % at the lower left",
        }
    ]  # fmt: skip
    related = {row["path"]: (row["verdict"], row["variant_of"]) for row in desk.rows("assignments.csv")}
    assert related == {
        "scene.png": ("unique", ""), "./=fox.png": ("unique", "scene.png"), "copy.png": ("exact", ""),
    }  # fmt: skip
    assert {row["path"] for row in desk.rows("duplicates.csv")} == {"./=fox.png", "copy.png"}
    counts = json.loads((desk.reclustering.reports / "latest" / "summary.json").read_text())["counts"]
    assert (counts["images"], counts["distinct"], counts["duplicates"], counts["variants"]) == (3, 2, 1, 1)
    [record] = desk.store.records(["=fox.png"])
    assert record
    assert (record.verdict, record.variant_of, record.share) == ("unique", "scene.png", 0.03)
    assert recluster(desk.reclustering, force=True)["corrected"] == 0


def calibrate(desk: Desk, similarity: float) -> None:
    calibration = Calibration({"similarity": similarity}, f"2026, {desk._now()}", 20, 4711)
    desk.store.put_thresholds("e1", calibration)


def near(desk: Desk) -> dict[str, tuple[str, str]]:
    recluster(desk.reclustering, force=False)
    return {path: (r.verdict, r.duplicate_of) for chunk in desk.store.scan() for path, r in chunk}


def judged(desk: Desk) -> None:
    """Two pictures that the verdict writer found to be one."""
    for seed, path in enumerate(("keeper.png", "other.png")):
        desk.add(path, 1, seed)
        [seen] = desk.store.records([path])
        assert seen
        verdict = {"verdict": "near", "duplicate_of": "keeper.png"} if seed else {"verdict": "unique"}
        desk.store.complete([(path, seen, dataclasses.replace(seen, **verdict))])
    digests = [record.digest for record in desk.store.records(["keeper.png", "other.png"]) if record]
    desk.store.put_matches({pair_of(*digests): Match(0.7, "alike")})
    desk.alike["keeper.pngother.png"] = 0.7


def test_stricter_thresholds_undo_what_was_verified_under_looser_ones(desk: Desk) -> None:
    judged(desk)
    assert near(desk)["other.png"] == ("near", "keeper.png")
    assert desk.compared == []  # nothing has changed since it was verified
    calibrate(desk, 0.7)
    assert near(desk)["other.png"] == ("near", "keeper.png")
    assert desk.compared == [("keeper.png", "other.png")]
    calibrate(desk, 0.72)
    assert near(desk)["other.png"] == ("unique", "")
    assert list(desk.store.matches()) == []
    assert [event.verdict for _, event in desk.store.events("0", wait=0.0)][-1] == "unique"
    summary = json.loads((desk.reclustering.reports / "latest" / "summary.json").read_text())
    assert summary["thresholds"]["origin"] == "calibrated"
    assert summary["thresholds"]["values"]["similarity"] == 0.72
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"


def test_another_choice_of_what_is_near_has_known_pairs_verified_again(desk: Desk) -> None:
    judged(desk)
    assert near(desk)["other.png"] == ("near", "keeper.png")
    desk.whole = True
    assert near(desk)["other.png"] == ("near", "keeper.png")  # it is whole
    assert desk.compared == [("keeper.png", "other.png")]
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"
    desk.whole = False
    near(desk)
    desk.cropped.add("other.png")
    desk.whole = True
    assert near(desk)["other.png"] == ("unique", "")
    assert list(desk.store.matches()) == []
    summary = json.loads((desk.reclustering.reports / "latest" / "summary.json").read_text())
    assert (summary["thresholds"]["near"], summary["thresholds"]["values"]["whole"]) == ("strict", True)


def test_thresholds_that_came_before_the_first_generation_are_applied(desk: Desk) -> None:
    judged(desk)
    calibrate(desk, 0.72)
    assert near(desk)["other.png"] == ("unique", "")


def test_a_watched_folder_that_is_away_does_not_undo_anything(desk: Desk) -> None:
    judged(desk)
    calibrate(desk, 0.7)
    desk.root.rename(desk.root.parent / "away")
    with pytest.raises(Unavailable, match="is away"):
        recluster(desk.reclustering, force=False)
    assert len(list(desk.store.matches())) == 1


def test_a_generation_is_newer_than_the_last_although_the_clock_was_set_back(desk: Desk) -> None:
    fill(desk)
    published = [recluster(desk.reclustering, force=True)["generation"]]
    for _ in range(2):
        desk.time -= 3600
        published.append(recluster(desk.reclustering, force=True)["generation"])
        assert (desk.reclustering.reports / "latest").resolve().name == published[-1]
    assert published == sorted(set(published))
    newest = desk.store.generation()
    assert newest
    assert newest.id == published[-1]
    assert sorted(path.name for path in desk.reclustering.reports.iterdir()) == [*published[-2:], "latest"]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(copied=st.sets(st.integers(0, 17)), kinds=st.lists(st.sampled_from(["exact", "near"]), min_size=18, max_size=18))
def test_copies_change_neither_k_nor_who_is_with_whom(
    tmp_path_factory: pytest.TempPathFactory, copied: set[int], kinds: list[str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    fill(desk)
    recluster(desk.reclustering, force=False)
    before, chosen = desk.clusters(), desk.store.generation().k  # type: ignore[union-attr]
    fresh = Desk(tmp_path_factory.mktemp("desk"))
    fill(fresh)
    originals = [f"f{number // 6}-{number % 6}.png" for number in range(18)]
    for number in copied:
        for base in (desk, fresh):
            copy_of(base, number // 6, number % 6, kinds[number])
    for base in (desk, fresh):
        recluster(base.reclustering, force=True)
        after = base.clusters()
        assert base.store.generation().k == chosen  # type: ignore[union-attr]
        assert {path: after[path] for path in originals} == before
        assert all(after[f"copy of {path}"] == before[path] for path in originals if f"copy of {path}" in after)
        assert len(after) == 18 + len(copied)


def copy_of(desk: Desk, family: int, seed: int, kind: str) -> None:
    """A copy of that picture: the same bytes, or a smaller picture with its own features that was verified."""
    name = f"f{family}-{seed}.png"
    digest = f"{family:032x}{seed:032x}"
    if kind == "exact":
        desk.add(f"copy of {name}", family, seed, picture=Image.open(desk.root / name))
        return
    other = f"{family:032x}{seed + 500:032x}"
    desk.add(f"copy of {name}", family, seed + 500, other, picture=Image.new("RGB", (20, 15), (family, seed, 1)))
    desk.store.put_matches({pair_of(digest, other): Match(0.99, "alike")})


def test_a_k_that_was_asked_for_holds_until_it_is_taken_back(desk: Desk) -> None:
    fill(desk)
    recluster(desk.reclustering, force=False)
    assert recluster(desk.reclustering, force=False, k=5)["outcome"] == "published"
    generation = desk.store.generation()
    assert generation
    assert (generation.k, generation.summary["k_asked"], generation.summary["choice"]["fixed"]) == (5, 5, True)
    assert recluster(desk.reclustering, force=False)["outcome"] == "unchanged"
    recluster(desk.reclustering, force=True)
    assert desk.store.generation().k == 5  # type: ignore[union-attr]
    recluster(desk.reclustering, force=False, k=0)
    assert desk.store.generation().k == 3  # type: ignore[union-attr]


def test_a_k_that_is_set_makes_a_run_due(desk: Desk) -> None:
    fill(desk)
    recluster(desk.reclustering, force=False)
    fixed = dataclasses.replace(desk.reclustering, k=4)
    assert recluster(fixed, force=False)["outcome"] == "published"
    assert desk.store.generation().k == 4  # type: ignore[union-attr]
    assert recluster(fixed, force=False)["outcome"] == "unchanged"


def test_damaged_features_of_one_file_do_not_stop_the_others(desk: Desk) -> None:
    fill(desk)
    desk.store.put_images("e1", [("f" * 64, ImageFacts(40, 30, ""), b"damaged", b"")])
    desk.add("odd.png", 1, 3)
    [record] = desk.store.records(["f0-0.png"])
    assert record
    desk.store.put_images("e1", [(record.digest, ImageFacts(40, 30, ""), b"damaged", b"")])
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert "f0-0.png" not in desk.clusters()
    assert len(desk.clusters()) == 18


def add_by_bytes(desk: Desk, path: str, digest: str, verdict: str = "unique", size: int = 500, of: str = "") -> None:
    desk.store.mark_pending([Reference(path, size, 5)], now=1.0)
    [seen] = desk.store.records([path])
    assert seen
    ready = dataclasses.replace(seen, state=State.READY, digest=digest, verdict=verdict, duplicate_of=of)
    assert desk.store.complete([(path, seen, ready)]) == [True]


def test_what_is_compared_by_its_bytes_is_in_groups_and_in_no_cluster(desk: Desk) -> None:
    fill(desk)
    for path, digest in (("a.mov", "film"), ("z.mov", "film"), ("b.mov", "other"), ("late.mov", "film")):
        add_by_bytes(desk, path, digest, verdict="" if path == "late.mov" else "unique")
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    rows = {row["path"]: row for row in desk.rows("assignments.csv")}
    assert list(rows) == sorted(rows)
    assert len(rows) == 18 + 4
    assert {path: (row["verdict"], row["duplicate_of"]) for path, row in rows.items() if path.endswith("mov")} == {
        "a.mov": ("unique", ""),
        "b.mov": ("unique", ""),
        "late.mov": ("exact", "a.mov"),
        "z.mov": ("exact", "a.mov"),
    }
    assert (rows["a.mov"]["cluster"], rows["a.mov"]["distance"], rows["a.mov"]["bytes"]) == ("", "", "500")
    assert [(row["path"], row["kind"]) for row in desk.rows("duplicates.csv")] == [
        ("a.mov", "exact"), ("z.mov", "exact"), ("late.mov", "exact"),
    ]  # fmt: skip
    generation = desk.store.generation()
    assert generation
    assert generation.summary["by_bytes"] == {"files": 4, "duplicates": 2, "bytes": 2000}
    counts = generation.summary["counts"]
    assert (counts["images"], counts["distinct"], counts["duplicates"], counts["groups"]) == (18, 18, 0, 1)
    assert counts["waiting"] == 0
    assert generation.summary["bytes_to_free"] == 1000
    assert not {"film", "other"} & generation.clusters.keys()
    z, late = desk.store.records(["z.mov", "late.mov"])
    assert z
    assert (z.verdict, z.duplicate_of) == ("exact", "a.mov"), "corrected"
    assert late
    assert late.verdict == "", "left to the verdict writer"
    assert desk.store.counts().pending == 0, "none is read again for want of features"
    page = (desk.reclustering.reports / "latest" / "report.html").read_text()
    assert "Compared by bytes" in page
    text = (desk.reclustering.reports / "latest" / "summary.txt").read_text()
    assert "4 files (2.0 kB), 2 duplicates" in text


def test_what_was_once_found_of_a_picture_says_nothing_of_what_is_compared_by_its_bytes(desk: Desk) -> None:
    fill(desk)
    desk.add("a.gif", 0, 50, pixels="p", digest="gif")
    desk.store.put_matches({pair_of("gif", f"{0:032x}{0:032x}"): Match(0.99, "alike")})
    add_by_bytes(desk, "a.gif", "gif", verdict="near", of="f0-0.png")
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    [record] = desk.store.records(["a.gif"])
    assert record
    assert record.verdict == "unique"
    assert desk.rows("duplicates.csv") == []
    assert list(desk.store.matches()) == []


def test_a_collection_without_pictures_has_groups_all_the_same(desk: Desk) -> None:
    add_by_bytes(desk, "a.mov", "film")
    add_by_bytes(desk, "b.mov", "film")
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert [row["verdict"] for row in desk.rows("assignments.csv")] == ["unique", "exact"]
    assert "500 B of 1.0 kB can be freed" in (desk.reclustering.reports / "latest" / "report.html").read_text()
