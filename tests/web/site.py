"""The page over a small collection of real pictures, as a server that runs: for tests with and without a browser."""

import hashlib
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_images
from starlette.types import ASGIApp

from shared.failures import FailureKind
from shared.records import Event, Match, Reference, Relation, pair_of
from shared.settings import Settings
from shared.store import RedisStore
from tests.failed import mark_failed
from tests.unit.test_recluster import EXTRACTOR
from tests.unit.test_recluster import Desk as Collection
from worker.pipeline.reclustering.recluster import recluster
from worker.web.app import make_page
from worker.web.desk import Desk
from worker.web.server import make_server

AUTH = "imagesieve:a secret"
TILE = 160
FAMILIES = 3
EACH = 10
HOSTILE = ("<img src=x onerror=alert(1)>.png", "line\nbreak \u202e.png", "latin-\udce9 & 100% #1?.png")
PATIENCE = 30.0


class Filled(Collection):
    """A watched folder whose files have the digests that are on record, in a real Redis."""

    def __init__(self, settings: Settings) -> None:
        settings.watch_dir.rmdir()
        super().__init__(settings.watch_dir.parent)
        self.time = 1_795_000_000.0  # in November 2026
        self.store = RedisStore.connect(settings.store)  # type: ignore[assignment]
        self.store.publish_extractor(EXTRACTOR)
        self.reclustering = replace(self.reclustering, store=self.store, reports=settings.reports_dir)

    def put(self, path: str, family: int, seed: int, picture: Image.Image, **more: str) -> str:
        """A file, and all that is known of it; its digest."""
        buffer = io.BytesIO()
        picture.save(buffer, Image.registered_extensions()[Path(path).suffix.lower()])
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.add(path, family, seed, digest, picture=picture, **more)  # type: ignore[arg-type]
        [record] = self.store.records([path])
        assert record
        self.store.tell([Event("2026-11-20T12:00:00.000000+00:00", path, digest, record.verdict)])
        return digest


def fill(settings: Settings) -> Filled:
    """All kinds of duplicates, a variant, failures, names that would do harm, two generations."""
    collection = Filled(settings)
    tiles = pieces()
    for family in range(FAMILIES):
        for seed in range(EACH):
            collection.put(f"holiday/2019/{family}-{seed}.png", family, seed, tiles.pop())
    for place, name in enumerate(HOSTILE):
        collection.put(name, 0, 50 + place, tiles.pop())
    recluster(collection.reclustering, force=False)
    with Image.open(collection.root / "holiday/2019/0-0.png") as picture:
        collection.put("backup/copy of 0-0.png", 0, 0, picture.copy())
    with Image.open(collection.root / "holiday/2019/1-1.png") as picture:
        smaller = collection.put("edited/half.png", 1, 91, picture.resize((TILE // 2, TILE // 2)))
    with Image.open(collection.root / "holiday/2019/2-2.png") as picture:
        stamped = picture.copy()
    stamped.paste((255, 0, 0), (0, 120, 80, 160))
    variant = collection.put("edited/stamped.png", 2, 92, stamped)
    records = collection.store.records(["holiday/2019/1-1.png", "holiday/2019/2-2.png"])
    near, original = (record.digest for record in records if record)
    place = (0.0, 0.75, 0.5, 1.0)
    varies = Match(0.9, "differs in 12 % at the lower left", Relation.VARIANT, 0.125, (place, place))
    collection.store.put_matches(
        {pair_of(near, smaller): Match(0.97, "same picture, half size"), pair_of(original, variant): varies}
    )
    broken = collection.root / "broken"
    broken.mkdir()
    for number in range(3):
        (broken / f"{number}.jpg").write_bytes(b"no picture" + bytes(number))
        found = (broken / f"{number}.jpg").stat()
        seen = Reference(f"broken/{number}.jpg", found.st_size, found.st_mtime_ns)
        mark_failed(collection.store, [(seen, "no image: its bytes begin with 'no p'")], FailureKind.NO_IMAGE, now=1.0)
    assert recluster(collection.reclustering, force=False)["outcome"] == "published"
    return collection


def pieces() -> list[Image.Image]:
    """Different squares of the photos that scikit-learn carries, one as like the next as parts of a photo are."""
    return [
        Image.fromarray(photo[top : top + TILE, left : left + TILE])
        for top in range(0, 420 - TILE, 60)
        for left in range(0, 640 - TILE, 100)
        for photo in load_sample_images().images
    ]


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The page's address, while it is served."""
    desk = Desk(settings, AUTH)
    with running(make_page(desk)) as url:
        yield url
    desk.close()


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """The address of an application, while it is served as the page is."""
    server = make_server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
