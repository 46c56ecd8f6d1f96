"""Variants from the report to the disk and back, by the commands as a user types them."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.records import Match, Relation, pair_of
from tests.unit.test_recluster import Desk
from worker.pipeline.reclustering.recluster import recluster


def scene(*changed: tuple[int, int]) -> Image.Image:
    picture = Image.radial_gradient("L").resize((40, 30)).convert("RGB")
    picture.putpixel((20, 15), (0, 0, 255))  # each has colours: what a grey one lacks would be held back
    for place in changed:
        picture.putpixel(place, (255, 0, 0))
    return picture


class Collection:
    """A report of a clean picture, two variants of it, and a copy of the first variant."""

    def __init__(self, base: Path) -> None:
        self.base, self.desk = base, Desk(base)
        self.digests = {
            path: self._add(path, number, picture)
            for number, (path, picture) in enumerate(
                {
                    "clean.png": scene().resize((80, 60)),  # which ranks it first
                    "fox.png": scene((1, 1)),
                    "sub/fox.png": scene((1, 1)),
                    "sub/owl.png": scene((2, 2), (3, 3)),
                }.items()
            )
        }
        for path in ("fox.png", "sub/owl.png"):
            pair = pair_of(self.digests["clean.png"], self.digests[path])
            self.desk.store.put_matches({pair: Match(0.9, "differs in 1 %", Relation.VARIANT, 0.01)})
        recluster(self.desk.reclustering, force=False)

    def _add(self, path: str, number: int, picture: Image.Image) -> str:
        file = self.base / "draft.png"
        picture.save(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        self.desk.add(path, 0, number, digest, picture=picture)
        return digest

    def run(self, *words: str) -> Any:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")},
            "IMAGESIEVE_STATE_DIR": str(self.base),
            "IMAGESIEVE_WATCH_DIR": str(self.desk.root),
        }
        command = [sys.executable, "-m", "shared.cli", "duplicates", *words, "--json"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return json.loads(ended.stdout)

    def paths(self) -> set[str]:
        return {str(file.relative_to(self.desk.root)) for file in self.desk.root.rglob("*.png")}


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def test_variants_are_listed_and_taken_only_by_name_and_come_back(collection: Collection) -> None:
    assert collection.run("list")["variants"] == []
    listed = collection.run("list", "--kind", "variant")
    assert (listed["duplicates"], listed["count"], listed["bytes"]) == ([], 0, 0)
    assert {(one["path"], one["keeper"], one["kind"]) for one in listed["variants"]} == {
        ("fox.png", "clean.png", "variant"),
        ("sub/owl.png", "clean.png", "variant"),
    }
    before, target = collection.paths(), str(collection.base / "moved")
    plain = collection.run("apply", "--action", "move", "--to", target)
    assert [event["path"] for event in plain if event["event"] == "would"] == ["sub/fox.png"]
    assert not any(event["event"] == "not asked for" for event in plain)

    done = collection.run("apply", "--action", "move", "--to", target, "--kind", "variant", "--yes")
    [moved] = [event for event in done if event["event"] == "acted"]
    owl = collection.base / "moved" / "sub" / "owl.png"
    assert (moved["path"], moved["keeper"], moved["bytes"]) == ("sub/owl.png", "clean.png", owl.stat().st_size)
    [skipped] = [event for event in done if event["event"] == "skipped"]  # its copy is compared with it
    assert (skipped["path"], skipped["reason"].startswith("it is the keeper of a group")) == ("fox.png", True)
    assert collection.paths() == before - {"sub/owl.png"}
    assert hashlib.sha256(owl.read_bytes()).hexdigest() == collection.digests["sub/owl.png"]

    restored = collection.run("restore")
    assert [event["path"] for event in restored if event["event"] == "restored"] == ["sub/owl.png"]
    assert collection.paths() == before
