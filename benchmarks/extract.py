"""Files to features in Redis through the real worker, beside the notebook's loop. `python -m benchmarks.extract`.

Photos go through the real worker, from the message to the record, after first messages that load the model and bring it
to its speed. The notebook's loop decodes in full and calls `predict` on one image at a time. The bound is the bare
forward pass, with nothing beside it, at the better of two batch sizes: once as Keras computes the network, once as
imagesieve does, with fewer multiplications on a processor (docs/adr/0018). All are rates over many images, on the same
machine, one after the other.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.pictures import make_pictures
from benchmarks.processes import memory
from benchmarks.quick import Quick
from benchmarks.server import running_redis
from shared.broker import make_app, send_references
from shared.records import Reference
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from watcher.enqueue import BATCHES_IN_A_MESSAGE
from worker.network.port import Network
from worker.network.weights import BACKBONE

NOTEBOOK = """
import sys, time, cv2, numpy, keras
from keras.applications.vgg16 import VGG16, preprocess_input
network = VGG16(weights=None)
features = keras.Model(network.input, network.get_layer("fc2").output)
def look(path):
    image = cv2.resize(cv2.imread(path), (224, 224))
    features.predict(preprocess_input(numpy.expand_dims(image.astype("float32"), 0)), verbose=0)
paths = sys.argv[1:]
look(paths[0])
started = time.perf_counter()
for path in paths:
    look(path)
print(len(paths) / (time.perf_counter() - started))
"""

BATCHES = (32, 64)
RATED = 128  # pictures for each of them
LIMITS = (
    f"how far the ratios move: other programs on the same cores change them. The first {BACKBONE.warm_up} photos of a "
    "worker, which go at the speed of Keras's forward pass, and the change to ours. Nothing was measured on a GPU."
)


@contextmanager
def running(command: list[str], settings: Settings) -> Iterator[None]:
    """A process with these settings, stopped at the end."""
    process = subprocess.Popen(command, env={**os.environ, **settings.environment()}, stdout=sys.stderr)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def through_the_worker(warming: list[Path], paths: list[Path], settings: Settings) -> float:
    """Images/s of `paths` from the message to the record, after those that warm it up."""
    worker = [sys.executable, "-m", "shared.cli", "work", "--queue", "features"]
    with running_redis(settings.redis_socket), running(worker, settings):
        store, app = RedisStore.connect(settings.store), make_app(settings)
        size = BATCHES_IN_A_MESSAGE * settings.batch_size
        _work_off(store, app, _references(warming), size)
        measured = _references(paths)
        started = time.perf_counter()
        _work_off(store, app, measured, size)
        return len(measured) / (time.perf_counter() - started)


def _references(paths: list[Path]) -> list[Reference]:
    return [Reference(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]


def warm_up(settings: Settings) -> int:
    """Photos after which a worker has its speed."""
    return BACKBONE.warm_up + settings.batch_size


@dataclass(frozen=True)
class Bounds:
    """Images/s of the bare forward pass, Keras's and ours; the least cosine between the features from both.

    seconds, mebibytes: what the change from the one to the other took.
    """

    keras: float
    ours: float
    cosine: float
    seconds: float
    mebibytes: float


def bounds(precision: str, batches: Sequence[int], rated: int) -> Bounds:
    """Measure VGG16 before and after its change to the faster forward pass; for a process of its own.

    rated: pictures at each batch size.
    """
    from worker.network.backend import load_backend
    from worker.network.precision import precision_here
    from worker.network.vgg16 import Vgg16

    load_backend()
    pictures = np.random.default_rng(0).integers(0, 256, (max(batches), 224, 224, 3), dtype=np.uint8)
    network = Vgg16(None, precision_here(precision), len(pictures), len(pictures) + rated * len(batches))
    plain = network.extract(pictures).astype(np.float64)
    keras = _best_rate(network, pictures, batches, rated)
    before, started = memory(os.getpid())["Rss"], time.perf_counter()
    fast = network.extract(pictures).astype(np.float64)
    seconds, grown = time.perf_counter() - started, memory(os.getpid())["Rss"] - before
    ours = _best_rate(network, pictures, batches, rated)
    cosines = (plain * fast).sum(1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(fast, axis=1)
    return Bounds(keras, ours, float(cosines.min()), seconds - len(pictures) / ours, grown / 2**20)


def _best_rate(network: Network, pictures: NDArray[np.uint8], batches: Sequence[int], rated: int) -> float:
    rates = []
    for batch in batches:
        started = time.perf_counter()
        for _ in range(rated // batch):
            network.extract(pictures[:batch])
        rates.append(rated / (time.perf_counter() - started))
    return max(rates)


def _work_off(store: RedisStore, app: object, references: list[Reference], batch: int) -> None:
    store.mark_pending(references, time.time())
    for start in range(0, len(references), batch):
        send_references(app, references[start : start + batch])
    while store.counts().pending:
        time.sleep(0.1)  # not more often: looking takes the worker's time
    if store.counts().failed:
        raise RuntimeError(f"{store.counts().failed} pictures failed")


def printed(program: str, words: list[str]) -> float:
    """The number that a Python program prints last: images/s."""
    command = [sys.executable, "-c", program, *words]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def processor() -> str:
    """The processor's name, as Linux gives it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return f"{name}, {os.cpu_count()} cores"


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="a folder of photos; made from installed packages if not given")
    ] = None,
    count: Annotated[int, typer.Option(help="photos through the worker, after those that bring it to its speed")] = 256,
    notebook: Annotated[int, typer.Option(help="photos through the notebook's loop")] = 48,
    quick: Quick = False,
) -> None:
    """Measure both and print a Markdown table."""
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        watched = folder or Path(scratch) / "pictures"
        settings = load_settings(watch_dir=watched, state_dir=Path(scratch) / "state", weights="random")
        count, notebook, warming = (2, 2, 2) if quick else (count, notebook, warm_up(settings))
        count += warming
        paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder else make_pictures(watched, count)
        ours = through_the_worker(paths[:warming], paths[warming:count], settings)
        loop = printed(NOTEBOOK, [str(path) for path in paths[:notebook]])
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            bound = alone.submit(bounds, settings.precision, *((16,), 16) if quick else (BATCHES, RATED)).result()
    print(f"Machine: {processor()}; batch {settings.batch_size}, precision {settings.precision}, random weights\n")
    print("| files to features | images/s | of the loop | of the bound |\n| --- | --- | --- | --- |")
    for name, rate in (
        ("notebook's loop, one `predict` per image", loop),
        ("imagesieve, features in Redis", ours),
        ("the bare forward pass, by Keras", bound.keras),
        ("bound: the bare forward pass, by imagesieve", bound.ours),
    ):
        print(f"| {name} | {rate:.1f} | {rate / loop:.2f} | {rate / bound.ours:.2f} |")
    print(
        f"\nFeatures by imagesieve's forward pass had a cosine of at least {bound.cosine:.8f} to those by Keras's. The "
        f"change from one to the other took {bound.seconds:.1f} s and {bound.mebibytes:.0f} MiB."
    )


if __name__ == "__main__":
    typer.run(main)
