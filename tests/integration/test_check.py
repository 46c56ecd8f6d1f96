"""`check` says what a file is, not what its group's keeper is."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from shared.decisions import DecisionJournal, DecisionKind, Subject
from shared.records import Extractor, Match, Relation, pair_of
from shared.settings import Settings
from tests.integration.test_policy import Stream, png
from tests.integration.test_verdicts import wait
from worker.commands.check import Checker
from worker.engine.edits.attacks import encoded
from worker.engine.matching.verify import PictureMatch
from worker.pipeline.comparison import Comparison
from worker.workshop import Workshop


def test_a_file_that_the_collection_holds_as_near_is_exact_of_that_file(settings: Settings, tmp_path: Path) -> None:
    stream = Stream(settings, tmp_path)
    try:
        stream.start("verdicts")
        stream.store.publish_extractor(Extractor("e", "random", "label"))
        stream.arrive("keeper.png", png("red"))
        wait(lambda: stream.verdict("keeper.png") == "unique", "the keeper's verdict")
        near = stream.arrive("near.png", png("#fe0000"))
        wait(lambda: stream.verdict("near.png") != "", "the other's verdict")
        records = dict(zip(("keeper.png", "near.png"), stream.store.records(["keeper.png", "near.png"]), strict=True))
        digests = [record.digest for record in records.values() if record]
        stream.store.put_matches({pair_of(*digests): Match(0.9, "another red")})
        ended = subprocess.run(
            [sys.executable, "-m", "worker.commands.check", str(near)],
            env={**os.environ, **settings.environment()}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        answer = json.loads(ended.stdout)
        assert (answer["verdict"], answer["duplicate_of"], answer["reason"]) == ("exact", "near.png", "the same bytes")
    finally:
        stream.close()


def test_a_picture_that_differs_in_a_place_would_be_a_variant(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(settings, tmp_path)
    try:
        stream.start("verdicts")
        stream.store.publish_extractor(Extractor("e", "random", "label"))
        stream.arrive("scene.png", png("red"))
        wait(lambda: stream.verdict("scene.png") == "unique", "the verdict")
        fox = tmp_path / "fox.png"
        fox.write_bytes(png("blue"))
        match = PictureMatch(Relation.VARIANT, 0.9, "differs in 3 % at the left", 0.03)
        monkeypatch.setattr(Comparison, "compare_sketch", lambda *_: match)  # made up
        checker = Checker(Workshop(settings))
        checker.__dict__["_network"] = Blind()
        event = checker.check(fox).event
    finally:
        stream.close()
    assert (event.verdict, event.duplicate_of, event.variant_of) == ("unique", "", "scene.png")
    assert (event.similarity, event.share, event.reason) == (0.9, 0.03, "differs in 3 % at the left")


def test_what_was_called_different_is_said_and_is_no_duplicate(settings: Settings, tmp_path: Path) -> None:
    photo = skimage.data.coffee()
    stream = Stream(settings, tmp_path)
    journal = DecisionJournal(settings.decisions_folder, time.time)
    try:
        stream.start("verdicts")
        stream.store.publish_extractor(Extractor("e", "random", "label"))
        stream.arrive("coffee.png", encoded(photo, ".png", 0))
        wait(lambda: stream.verdict("coffee.png") == "unique", "the verdict")
        checker = Checker(Workshop(settings))
        checker.__dict__["_network"] = Blind()
        smaller, other = tmp_path / "smaller.jpg", tmp_path / "other.jpg"
        smaller.write_bytes(encoded(np.ascontiguousarray(photo[::2, ::2]), ".jpg", 90))
        other.write_bytes(encoded(np.ascontiguousarray(photo[::2, ::2]), ".jpg", 80))
        before = checker.check(smaller)
        assert (before.event.verdict, before.different) == ("near", ())
        [kept] = stream.store.records(["coffee.png"])
        assert kept
        files = Subject(kept.digest, "coffee.png"), Subject(before.event.digest, "was here before.jpg")
        said = journal.add(DecisionKind.DIFFERENT, files)
        answer = checker.check(smaller)
        assert (answer.event.verdict, answer.event.duplicate_of, answer.keeper) == ("unique", "", "")
        assert (answer.event.variant_of, answer.different) == ("", ("coffee.png",))
        third = checker.check(other)  # other bytes, of which nothing was said
        assert (third.event.verdict, third.event.duplicate_of, third.different) == ("near", "coffee.png", ())
        journal.undo(said.number)
        again = checker.check(smaller).event
        assert dataclasses.replace(again, at=before.event.at) == before.event
    finally:
        stream.close()


@pytest.mark.parametrize(("near", "verdict"), [("usual", "near"), ("strict", "unique")])
def test_writer_and_check_call_near_what_the_setting_says(
    settings: Settings, tmp_path: Path, near: str, verdict: str
) -> None:
    photo = skimage.data.coffee()
    chosen = settings.model_copy(update={"near": near})
    stream = Stream(chosen, tmp_path)
    try:
        stream.start("verdicts")
        stream.store.publish_extractor(Extractor("e", "random", "label"))
        stream.arrive("coffee.png", encoded(photo, ".png", 0))
        wait(lambda: stream.verdict("coffee.png") == "unique", "the verdict")
        checker = Checker(Workshop(chosen))
        checker.__dict__["_network"] = Blind()
        copies = {
            "smaller.jpg": (encoded(np.ascontiguousarray(photo[::2, ::2]), ".jpg", 90), "near"),
            "mirrored.jpg": (encoded(np.ascontiguousarray(photo[:, ::-1]), ".jpg", 90), verdict),
        }
        for name, (data, expected) in copies.items():
            (tmp_path / name).write_bytes(data)
            assert checker.check(tmp_path / name).event.verdict == expected
            stream.arrive(name, data)
            wait(lambda name=name: stream.verdict(name) != "", "the verdict")
            assert stream.verdict(name) == expected
    finally:
        stream.close()


class Blind:
    """A network that sees the same in all: with few contents each is a candidate."""

    side = 8

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ones((len(pictures), 4096), dtype=np.float32)


def test_a_file_that_is_too_large_is_not_read(settings: Settings, tmp_path: Path) -> None:
    stream = Stream(settings, tmp_path)
    try:
        stream.store.publish_extractor(Extractor("e", "random", "label"))
        file = tmp_path / "large.png"
        file.write_bytes(png("red"))
        ended = subprocess.run(
            [sys.executable, "-m", "worker.commands.check", str(file)],
            env={**os.environ, **settings.environment(), "IMAGESIEVE_MAX_BYTES": "10"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1
        assert "IMAGESIEVE_MAX_BYTES allows" in ended.stdout
    finally:
        stream.close()
