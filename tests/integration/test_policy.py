"""IMAGESIEVE_ON_DUPLICATE=move: the real verdict writer moves what it proves, through the journal."""

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.acting.runs import Phase, read_runs
from shared.errors import ActionsBusy
from shared.records import ImageFacts, Reference, State
from shared.settings import Settings, load_settings
from tests.integration.test_verdicts import Bench, wait
from worker.engine.search.encoding import encode
from worker.engine.sketch.sketch import describe
from worker.pipeline.acting.locks import acting_alone


def png(colour: str, level: int = 6) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (64, 48), colour)
    image.paste("white", (7, 9, 30, 20))  # of one colour alone nothing is proved
    image.save(out, "PNG", compress_level=level)
    return out.getvalue()


MOVE: dict[str, Any] = {"on_duplicate": "move", "settle": 0.15}  # sixty times of that a duplicate waits


class Stream(Bench):
    """Real files, ready for their verdict as a feature worker would have left them."""

    def arrive(self, path: str, data: bytes) -> Path:
        file = self.settings.watch_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self.settle(path)
        return file

    def settle(self, path: str) -> None:
        file = self.settings.watch_dir / path
        data, mtime_ns = file.read_bytes(), file.stat().st_mtime_ns
        digest = hashlib.sha256(data).hexdigest()
        with Image.open(io.BytesIO(data)) as image:
            picture = np.asarray(image.convert("RGB"))
        pixels = hashlib.sha256(picture.tobytes()).hexdigest()
        self.store.mark_pending([Reference(path, len(data), mtime_ns)], now=1.0)
        [seen] = self.store.records([path])
        assert seen
        row = np.random.default_rng(int(pixels[:8], 16)).random((1, 4096), dtype=np.float32)
        self.store.put_images("e", [(digest, ImageFacts(64, 48, pixels), encode(row)[0], describe(picture).to_bytes())])
        ready = dataclasses.replace(seen, state=State.READY, digest=digest, width=64, height=48, extractor="e")
        assert self.store.complete([(path, seen, ready)]) == [True]
        self.send(path)

    def leave(self, path: str) -> None:
        """The watcher has noticed that a file is gone."""
        self.store.forget([path])
        self.send(path)

    def verdict(self, path: str) -> str:
        [record] = self.store.records([path])
        return record.verdict if record else ""


@pytest.fixture
def stream(settings: Settings, tmp_path: Path) -> Iterator[Stream]:
    moving = {
        "on_duplicate": "move",
        "move_to": str(tmp_path / "moved"),
        "protect_folders": "originals",
        "settle": 0.05,
    }
    given = settings.model_dump(include={"watch_dir", "state_dir", "broker_url", "store_url", "weights"})
    (settings.watch_dir / "originals").mkdir()
    stream = Stream(load_settings(**given, **moving), tmp_path)
    yield stream
    stream.close()


def is_free(*folders: Path) -> bool:
    try:
        with acting_alone(*folders):
            return True
    except ActionsBusy:
        return False


def test_what_is_proved_moves_what_is_restored_or_protected_stays(stream: Stream, tmp_path: Path) -> None:
    worker = stream.start("policy")
    moved = tmp_path / "moved"
    keeper = stream.arrive("keeper.png", png("red"))
    wait(lambda: stream.verdict("keeper.png") == "unique", "the keeper's verdict")
    exact = stream.arrive("sub/copy.png", png("red"))
    identical = stream.arrive("smaller.png", png("red", 0))
    guarded = stream.arrive("originals/copy.png", png("red"))
    wait(lambda: stream.verdict("sub/copy.png") == "exact", "the verdict of a copy")
    assert exact.exists()  # not at once: its keeper may be in the middle of being moved away
    wait(lambda: not exact.exists() and not identical.exists(), "both are moved")
    wait(lambda: stream.verdict("originals/copy.png") == "exact", "the verdict of a protected file")
    assert (moved / "sub" / "copy.png").read_bytes() == png("red")
    assert (moved / "smaller.png").read_bytes() == png("red", 0)
    for path in ("sub/copy.png", "smaller.png"):
        stream.leave(path)

    ended = subprocess.run(
        [sys.executable, "-m", "shared.cli", "duplicates", "restore"],
        env={**os.environ, **stream.settings.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert exact.read_bytes() == png("red")
    stream.settle("sub/copy.png")  # the watcher finds it again
    wait(lambda: stream.verdict("sub/copy.png") == "exact", "its verdict is what it was")
    wait(lambda: worker.said("moved before, and restored"), "it is remembered")
    again = stream.arrive("another.png", png("red"))
    wait(lambda: not again.exists(), "others move on")

    folders = stream.settings.actions_dir, stream.settings.watch_dir
    wait(lambda: is_free(*folders), "the journal says so, too")
    with acting_alone(*folders):  # somebody restores, for a while
        late = stream.arrive("late.png", png("red"))
        wait(lambda: worker.said("another process is acting"), "it is said")
        assert stream.verdict("late.png") == "exact"
    assert {file.name for file in (keeper, exact, guarded, late) if file.exists()} == {
        "keeper.png",
        "copy.png",
        "late.png",
    }
    phases = [[entry.phase for entry in run.entries.values()] for run in read_runs(stream.settings.actions_dir)]
    assert phases == [[Phase.RESTORED] * 2, [Phase.DONE]]
    assert all(run.header.policy for run in read_runs(stream.settings.actions_dir))


def test_an_album_that_is_moved_by_copy_and_delete_stays(stream: Stream, tmp_path: Path) -> None:
    """As file managers do it from disk to disk. All of it was in the target folder, and the watched one empty."""
    stream.start("policy")
    for number, colour in enumerate(("red", "green", "blue")):
        stream.arrive(f"album/{number}.png", png(colour))
    wait(lambda: stream.verdict("album/2.png") == "unique", "the album is known")
    for number, colour in enumerate(("red", "green", "blue")):
        stream.arrive(f"album 2024/{number}.png", png(colour))
    wait(lambda: stream.verdict("album 2024/2.png") == "exact", "the copies are seen")
    for number in range(3):
        (stream.settings.watch_dir / "album" / f"{number}.png").unlink()
        stream.leave(f"album/{number}.png")
    wait(lambda: stream.verdict("album 2024/2.png") == "unique", "the copies are what there is")
    time.sleep(12)  # longer than anything waits here
    assert sorted(path.name for path in (stream.settings.watch_dir / "album 2024").iterdir()) == [
        "0.png", "1.png", "2.png",
    ]  # fmt: skip
    assert not (tmp_path / "moved").exists()


def test_a_moved_file_comes_back_when_its_keeper_leaves(stream: Stream, tmp_path: Path) -> None:
    worker = stream.start("policy")
    keeper = stream.arrive("keeper.png", png("red"))
    wait(lambda: stream.verdict("keeper.png") == "unique", "the keeper's verdict")  # in one batch either may stay
    copy = stream.arrive("copy.png", png("red"))
    wait(lambda: not copy.exists(), "the copy is moved")
    stream.leave("copy.png")
    keeper.unlink()
    stream.leave("keeper.png")
    stream.arrive("other.png", png("blue"))  # a folder that is empty is taken for one that is not mounted
    wait(lambda: copy.exists(), "the copy is back")
    assert copy.read_bytes() == png("red")
    wait(lambda: worker.said("is brought back"), "it is said")


def test_what_cannot_come_back_by_itself_is_told(stream: Stream, tmp_path: Path) -> None:
    """An edited keeper was its owner's will; the picture as it was is in the target folder alone."""
    stream.start("policy")
    keeper = stream.arrive("keeper.png", png("red"))
    wait(lambda: stream.verdict("keeper.png") == "unique", "the keeper's verdict")  # in one batch either may stay
    copy = stream.arrive("copy.png", png("red"))
    wait(lambda: not copy.exists(), "the copy is moved")
    stream.leave("copy.png")
    keeper.write_bytes(png("green"))
    stream.settle("keeper.png")
    wait(lambda: any(event.verdict == "stranded" for _, event in stream.store.latest_events(50)), "it is an event")
    ended = subprocess.run(
        [sys.executable, "-m", "shared.cli", "status"],
        env={**os.environ, **stream.settings.environment(), "COLUMNS": "300"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "copy.png: its only copy is" in ended.stdout


def test_nothing_moves_while_a_protected_folder_is_misspelt(settings: Settings, tmp_path: Path) -> None:
    moving = {**MOVE, "move_to": str(tmp_path / "moved"), "protect_folders": "orginals"}
    given = settings.model_dump(include={"watch_dir", "state_dir", "broker_url", "store_url", "weights"})
    stream = Stream(load_settings(**given, **moving), tmp_path)
    try:
        worker = stream.start("policy")
        keeper, copy = stream.arrive("keeper.png", png("red")), stream.arrive("copy.png", png("red"))
        wait(lambda: worker.said("names 'orginals', and there is no such folder"), "it is said")
        assert keeper.exists()
        assert copy.exists()
    finally:
        stream.close()


def test_a_worker_that_could_not_move_does_not_start(settings: Settings) -> None:
    for target in ("", str(settings.watch_dir / "inside")):
        given = settings.model_copy(update={"on_duplicate": "move", "move_to": target})
        ended = subprocess.run(
            [sys.executable, "-m", "shared.cli", "work", "--queue", "verdicts"],
            env={**os.environ, **given.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2
        assert "move" in ended.stderr
        assert "Traceback" not in ended.stderr
