"""Pages of a large collection in the browser. `python -m benchmarks.web`.

A report as a recluster run writes it, of made rows: 100,000 images in 30 clusters, 20,000 groups, 2,000 failures; in
Redis the records of all, features for a cluster, and 100,000 events. The page is served in a process of its own and
asked over loopback, with the password, one request after the other, and by eight clients at a time. "First" is the
first request after the start, which waits until the report is read. "While verdicts come": another process changes a
record and tells of it a hundred times a second. The previews are of one photo of 12 megapixels, under as many names as
are asked for: made, and then kept. At the end 5,000 groups are decided at once, by a program beside the page.
"""

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tabulate import tabulate

from benchmarks.extract import processor
from benchmarks.pictures import make_pictures
from benchmarks.processes import memory
from benchmarks.quick import Quick
from benchmarks.server import running_redis
from shared.decisions import DecisionJournal, DecisionKind, Subject
from shared.failures import FailureKind
from shared.records import Event, Extractor, ImageFacts, Record, Reference, State
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from worker.engine.report.tables import ASSIGNMENTS, DUPLICATES, FAILURES, VARIANTS, write_csv
from worker.engine.search.encoding import encode
from worker.web.addresses import address

AUTH = "imagesieve:benchmark"
CLUSTERS = 30
EACH_TIME = 3  # files of a group
AT_ONCE = 8
FAILED = 50  # images for each failure
PATIENCE = 120.0
CHANGE_SECONDS = 0.01
DECIDED = 4  # groups for each decision
LIMITS = (
    "a browser, which asks for a page's pictures, six at a time, besides; a disk that is slow to read; a Redis that "
    "others keep busy."
)

Photos = dict[int, tuple[Path, str]]  # number of an image -> its file, and the digest of that


def path_of(number: int) -> str:
    """The path of an image."""
    return f"{number // 1000:04d}/IMG_{number:07d}.jpg"


def digest_of(number: int, photos: Photos) -> str:
    """Its digest; a true one where the photo is there."""
    return photos[number][1] if number in photos else hashlib.sha256(str(number).encode()).hexdigest()


def write_report(folder: Path, images: int, groups: int, photos: Photos) -> None:
    """The files that the page reads, and `latest`."""
    generation = folder / "reports" / "20261128T120000.000000Z"
    generation.mkdir(parents=True)
    (folder / "reports" / "latest").symlink_to(generation.name)
    keeper = {number: number - number % EACH_TIME for number in range(groups * EACH_TIME) if number % EACH_TIME}
    chance = np.random.default_rng(0)
    distances, cluster = chance.random(images), chance.integers(0, CLUSTERS, images)
    rows = (
        (path_of(one), digest_of(one, photos), str(cluster[one - one % EACH_TIME if one in keeper else one]),
         f"{distances[one]:.6f}", "0.100000", "near" if one in keeper else "unique",
         path_of(keeper[one]) if one in keeper else "", "", "3000000", "", "", "")
        for one in range(images)
    )  # fmt: skip
    write_csv(generation / "assignments.csv", ASSIGNMENTS, rows)
    write_csv(generation / "duplicates.csv", DUPLICATES, _group_rows(groups))
    write_csv(generation / "variants.csv", VARIANTS, ())
    failures = ((f"bad/{one}.jpg", "no image: made for a benchmark") for one in range(images // FAILED))
    write_csv(generation / "failures.csv", FAILURES, failures)
    (generation / "summary.json").write_text(json.dumps(_summary(generation.name, images, groups, cluster)))


def _group_rows(groups: int) -> Iterator[tuple[str, ...]]:
    for group in range(groups):
        for member in range(EACH_TIME):
            role, kind = ("duplicate", "near") if member else ("keeper", "exact")
            path = path_of(group * EACH_TIME + member)
            yield (
                str(group + 1),
                path,
                role,
                kind,
                "0.9500",
                "3000000",
                "0",
                "3000000" if member else "0",
                "",
                "",
                "same picture, half size" if member else "",
            )


def _summary(generation: str, images: int, groups: int, cluster: Any) -> dict[str, Any]:
    counts = {"images": images, "duplicates": 2 * groups, "groups": groups, "failed": images // FAILED,
              "clusters": CLUSTERS, "variants": 0}  # fmt: skip
    clusters = [
        {"number": one, "name": "", "images": int((cluster == one).sum()), "silhouette": 0.1, "duplicates": 0,
         "bytes_to_free": 0, "subclusters": []}
        for one in range(CLUSTERS)
    ]  # fmt: skip
    return {
        "generation": generation, "created": "2026-11-28T12:00:00+00:00", "folder": "", "counts": counts,
        "bytes": 3_000_000 * images, "bytes_to_free": 0, "bytes_to_prove": 6_000_000 * groups, "history": [],
        "choice": {"trust": "weak", "reason": "Made for a benchmark."}, "clusters": clusters,
    }  # fmt: skip


def fill(store: RedisStore, images: int, photos: Photos) -> None:
    """Records of all, features of what is compared, events."""
    store.publish_extractor(Extractor("e", "random", "features of a benchmark"))
    chance = np.random.default_rng(1)
    for start in range(0, images, 1000):
        numbers = range(start, min(images, start + 1000))
        paths = [path_of(number) for number in numbers]
        store.mark_pending([Reference(path, 1, 1) for path in paths], 1.0)
        pending = store.records(paths)
        ready = [_record(number, photos) for number in numbers]
        store.complete([(path, old, new) for path, old, new in zip(paths, pending, ready, strict=True) if old])
        features = encode(np.maximum(chance.normal(size=(len(paths), 4096)), 0).astype(np.float32))
        facts = ImageFacts(4000, 3000)
        store.put_images("e", [(one.digest, facts, row, b"") for one, row in zip(ready, features, strict=True)])
        at = "2026-11-28T11:00:00+00:00"
        store.tell([Event(at, path, one.digest, "unique") for path, one in zip(paths, ready, strict=True)])
    failed = [f"bad/{one}.jpg" for one in range(images // FAILED)]
    store.mark_pending([Reference(path, 1, 1) for path in failed], 1.0)
    why = "no image: made for a benchmark"
    broken = Record(1, 1, State.FAILED, 1.0, verdict="failed", reason=why, failure=FailureKind.NO_IMAGE)
    store.complete([(path, old, broken) for path, old in zip(failed, store.records(failed), strict=True) if old])


def _record(number: int, photos: Photos) -> Record:
    found = photos[number][0].stat() if number in photos else None
    size, mtime = (found.st_size, found.st_mtime_ns) if found else (3_000_000, 10**18)
    return Record(size, mtime, State.READY, 1.0, digest_of(number, photos), 4000, 3000, "e", "unique")


@contextmanager
def served(environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The page, as `imagesieve serve` runs it, from when it answers."""
    with subprocess.Popen([sys.executable, "-m", "worker.web"], env={**os.environ, **environment}) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    ask(port, "/healthcheck")
                    break
                except OSError:
                    if time.monotonic() > deadline or process.poll() is not None:
                        raise
                    time.sleep(0.05)
            yield process
        finally:
            process.terminate()


def ask(port: int, place: str) -> int:
    """Bytes of an answer. Raises OSError, ValueError for one that is no page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", place, headers={"Authorization": f"Basic {b64encode(AUTH.encode()).decode()}"})
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    if answer.status != 200 or answer.headers["content-type"] == "image/svg+xml":
        raise ValueError(f"{place} gave {answer.status}, {answer.headers['content-type']}")
    return size


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def measure(port: int, name: str, places: list[str]) -> list[str]:
    """A row: the page, bytes, the median and the slowest of twenty in milliseconds; the same of eight at a time."""
    size = ask(port, places[0])
    alone = [timed(lambda place=place: ask(port, place)) for place in places]  # type: ignore[misc]
    with ThreadPoolExecutor(AT_ONCE) as clients:
        crowd = list(clients.map(lambda place: timed(lambda: ask(port, place)), places * 2))
    return [name, f"{size:,}", *(f"{value:.0f}" for value in (*_ends(alone), *_ends(crowd)))]


def _ends(values: list[float]) -> tuple[float, float]:
    return float(np.median(values)), float(np.percentile(values, 95))


def pages(images: int, asks: int, photos: Photos) -> dict[str, list[str]]:
    """What is asked for, and where it is."""
    some = [path_of(number) for number in np.linspace(0, images - 1, asks).astype(int)]
    last = images // CLUSTERS // 60
    kept = [address(f"/preview/320/{digest}", path=path_of(number)) for number, (_, digest) in photos.items()]
    return {
        "overview": ["/"] * asks,
        "duplicates": [address("/duplicates", page=1 + one) for one in range(asks)],
        "duplicates in a folder, for a reason": ["/duplicates?folder=0001&reason=half"] * asks,
        "two files compared": [address("/compare", group=1 + one) for one in range(asks)],
        "actions": ["/actions"] * asks,
        "clusters": ["/clusters"] * asks,
        "a cluster's sheet": [f"/clusters/{one % CLUSTERS}?page={1 + one % max(1, last)}" for one in range(asks)],
        "an image": [address("/image", path=path) for path in some],
        "more like it": [address("/image/like", path=path) for path in some],
        "what became of it": [address("/image/history", path=path) for path in some],
        "failures": ["/failures"] * asks,
        "a preview that is kept": (kept * asks)[:asks],
    }


@contextmanager
def changing(url: str) -> Iterator[None]:
    """Meanwhile a process changes a record and tells of it, again and again."""
    code = "import sys, time\nfrom benchmarks.web import change_for_ever\nchange_for_ever(sys.argv[1])\n"
    with subprocess.Popen([sys.executable, "-c", code, url]) as process:
        try:
            store, deadline = RedisStore.connect(url), time.monotonic() + PATIENCE
            before = store.position()
            while store.position() == before:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("nothing is changed")
                time.sleep(0.05)
            yield
        finally:
            process.kill()


def change_for_ever(url: str) -> None:
    """What `changing` runs."""
    store, number = RedisStore.connect(url), 0
    while True:
        number += 1
        store.mark_pending([Reference("new.jpg", 1, number)], 1.0)
        store.tell([Event("2026-11-28T11:30:00+00:00", "new.jpg", "0" * 64, "unique")])
        time.sleep(CHANGE_SECONDS)


def decide_many(settings: Settings, groups: int, photos: Photos) -> int:
    """A quarter of the groups is decided at once; how many these are."""
    keepers = [group * EACH_TIME for group in range(0, groups, DECIDED)]
    said = [
        (
            DecisionKind.KEEPER,
            [Subject(digest_of(one, photos), path_of(one)) for one in range(keeper, keeper + EACH_TIME)],
        )
        for keeper in keepers
    ]
    DecisionJournal(settings.decisions_folder, time.time).add_all(said)
    return len(said)


def make_photos(folder: Path, count: int, images: int) -> Photos:
    """One photo under several names, by the number of the image that it is; a byte more for each, behind its end."""
    [made] = make_pictures(folder / "made", 1, (4000, 3000))
    photos: Photos = {}
    for number in np.linspace(0, images - 1, count).astype(int):
        file = folder / "watched" / path_of(int(number))
        file.parent.mkdir(parents=True, exist_ok=True)
        data = made.read_bytes() + bytes(len(photos))
        file.write_bytes(data)
        photos[int(number)] = file, hashlib.sha256(data).hexdigest()
    return photos


def main(
    images: Annotated[int, typer.Option(help="images in the report")] = 100_000,
    groups: Annotated[int, typer.Option(help="groups of three")] = 20_000,
    port: Annotated[int, typer.Option(help="a free one")] = 5559,
    quick: Quick = False,
) -> None:
    """Time the pages, and what their process takes."""
    images, groups, asks = (600, 100, 2) if quick else (images, groups, 20)
    folder = Path(tempfile.mkdtemp(prefix="sieve"))
    try:
        print(f"{images:,} images, {groups:,} groups; {processor()}\n")
        _run(folder, images, groups, asks, port)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path, images: int, groups: int, asks: int, port: int) -> None:
    photos = make_photos(folder, asks, images)
    write_report(folder / "state", images, groups, photos)
    with running_redis(folder / "redis.sock") as url:
        fill(RedisStore.connect(url), images, photos)
        settings = load_settings(
            watch_dir=folder / "watched", state_dir=folder / "state", store_url=url, flower_auth=AUTH, web_port=port,
            broker_url=f"redis+socket://{folder / 'redis.sock'}?virtual_host=0",
        )  # fmt: skip
        with served(settings.environment(), port) as process:
            first = timed(lambda: ask(port, "/clusters"))
            new = [timed(lambda p=p: ask(port, p)) for p in pages(images, asks, photos)["a preview that is kept"]]  # type: ignore[misc]
            asked = pages(images, asks, photos)
            rows = [measure(port, name, places) for name, places in asked.items()]
            with changing(url):
                rows += [
                    measure(port, f"{name}, while verdicts come", asked[name])
                    for name in ("what became of it", "failures")
                ]
            decisions = decide_many(settings, groups, photos)
            after = timed(lambda: ask(port, "/duplicates"))
            rows.append(measure(port, f"duplicates, {decisions:,} groups decided", asked["duplicates"]))
            rows.append(measure(port, f"actions, {decisions:,} groups decided", asked["actions"]))
            used = memory(process.pid)["Pss"]
    heads = ("page", "bytes", "ms", "95 %, ms", f"{AT_ONCE} at a time, ms", "95 % of these, ms")
    print(tabulate(rows, heads, tablefmt="github", disable_numparse=True))
    print()
    beside = [
        ("the first page, ms", first),
        (f"the first page after {decisions:,} groups were decided at once, ms", after),
        ("a preview that is made, ms", float(np.median(new[1:]))),
        ("memory of the page, MiB", used / 2**20),
    ]
    table = [(name, f"{value:,.0f}") for name, value in beside]
    print(tabulate(table, ("beside", ""), tablefmt="github", disable_numparse=True))


if __name__ == "__main__":
    typer.run(main)
