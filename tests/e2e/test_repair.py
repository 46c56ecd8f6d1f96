"""Values in Redis are damaged under a running stack: each is computed anew, and nothing is believed meanwhile."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import redis
from PIL import Image, ImageOps

from shared.cli.demo import make_demo_folder
from shared.settings import load_settings
from shared.store import RedisStore, keys
from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_stream import Terminal
from worker.engine.search.encoding import stack

HALF = "half.jpg"


class Collection:
    """What the store knows, file by file."""

    def __init__(self, sieve: Imagesieve) -> None:
        self.url = load_settings(state_dir=sieve.state).store
        self.store = RedisStore.connect(self.url)

    def digest(self, path: str) -> str:
        [record] = self.store.records([path])
        assert record
        return record.digest

    def verdicts(self) -> dict[str, tuple[str, str]]:
        records = {path: record for chunk in self.store.scan() for path, record in chunk}
        return {path: (record.verdict, record.duplicate_of) for path, record in records.items()}

    def words(self, paths: list[str]) -> list[object]:
        """What is stored of these files; not features, which may differ in their last bits, nor the words of pairs."""
        digests = [record.digest if record else "" for record in self.store.records(paths)]
        verdicts = self.verdicts()
        return [
            [(path, *verdicts.get(path, ("", ""))) for path in paths],
            self.store.facts(self.extractor, digests),
            self.store.sketches(digests),
            {pair for pair, _ in self.store.matches() if set(pair) <= set(digests)},
        ]

    def features(self, paths: list[str]) -> np.ndarray:
        records = self.store.records(paths)
        return stack(self.store.features(self.extractor, [record.digest if record else "" for record in records]))[0]

    @property
    def extractor(self) -> str:
        published = self.store.extractor()
        assert published
        return published.id


def test_damaged_values_are_computed_anew(sieve: Imagesieve) -> None:
    photos = sieve.base / "photos"
    make_demo_folder(photos)
    files = ["china.jpg", "flower.jpg", "coffee.png", "astronaut.png", HALF]
    for name in files[:-1]:
        shutil.copyfile(photos / name, sieve.watched / name)
    shutil.copyfile(photos / "edited" / "china, half size.jpg", sieve.watched / HALF)
    process = sieve.start("up", str(sieve.watched), rescan_every="5")
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    known = Collection(sieve)
    near = {**dict.fromkeys(files, ("unique", "")), HALF: ("near", "china.jpg")}
    wait_until(lambda: known.verdicts() == near and known.store.generation(), "verdicts and a generation")
    words, features = known.words(files), known.features(files)

    extractor, (china, flower, coffee) = known.extractor, map(known.digest, files[:3])
    with redis.Redis.from_url(known.url) as client:
        client.setrange(keys.key_features(extractor, flower), 1000, b"damaged")
        client.set(keys.key_sketch(coffee), known.store.sketches([coffee])[0][:-1])
        client.set(keys.key_image(china), b'{"width": 1, "height": 1, "pixels": "guessed"}')
        client.hset(keys.KEY_MATCHES, " ".join(sorted((china, known.digest(HALF)))), b"[1.0, 'guessed']")
        client.hset(keys.KEY_RECORDS, "astronaut.png", b'{"size": 1, "state": "ready", "verdict": "exact"}')
    for child in children_of_the_writer(sieve):
        os.kill(child, signal.SIGKILL)  # its successor reads everything
    smaller = ImageOps.mirror(Image.open(photos / "china.jpg").resize((480, 320)))
    smaller.save(sieve.watched / "new.jpg")  # makes a run due
    wait_until(lambda: "new.jpg" in known.verdicts(), "the new file is seen")
    wait_until(lambda: known.words(files) == words, "everything is as it was")
    np.testing.assert_allclose(known.features(files), features, rtol=0.05, atol=0.05)
    assert known.verdicts()["new.jpg"] == ("near", "china.jpg")
    sieve.stop(process)
    assert process.returncode == 0


def children_of_the_writer(sieve: Imagesieve) -> list[int]:
    """Process numbers of what the verdict writer has spawned."""
    wanted, found = f"IMAGESIEVE_STATE_DIR={sieve.state}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes() and b"spawn_main" in (folder / "cmdline").read_bytes():
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                if b"verdicts@" in Path(f"/proc/{parent}/cmdline").read_bytes():
                    found.append(int(folder.name))
        except OSError:
            continue  # it ended while we looked
    return found
