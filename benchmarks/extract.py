"""Files to features in Redis through the real worker, beside the notebook's loop. `python -m benchmarks.extract`.

Both see the same files on the same machine, one after the other. Absolute numbers belong to the machine; the ratio is
what is compared.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.pictures import make_pictures
from shared.broker import make_app, send_references
from shared.records import Reference
from shared.redis_server import find_redis_server, redis_command
from shared.settings import Settings, load_settings
from shared.store import RedisStore

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


@contextmanager
def running(command: list[str], settings: Settings) -> Iterator[None]:
    """A process with these settings, stopped at the end."""
    process = subprocess.Popen(command, env={**os.environ, **settings.environment()}, stdout=sys.stderr)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def through_the_worker(paths: list[Path], settings: Settings) -> float:
    """Images/s from the message to the record, once the model is loaded."""
    settings.redis_socket.parent.mkdir(parents=True)
    worker = [sys.executable, "-m", "shared.cli", "work", "--queue", "features"]
    with running(redis_command(find_redis_server(), settings.redis_socket), settings), running(worker, settings):
        store, app = RedisStore.connect(settings.store), make_app(settings)
        references = [Reference(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        warm, measured = references[: settings.batch_size], references[settings.batch_size :]
        time.sleep(1)
        _work_off(store, app, warm, settings.batch_size)
        started = time.perf_counter()
        _work_off(store, app, measured, settings.batch_size)
        return len(measured) / (time.perf_counter() - started)


def _work_off(store: RedisStore, app: object, references: list[Reference], batch: int) -> None:
    store.mark_pending(references, time.time())
    for start in range(0, len(references), batch):
        send_references(app, references[start : start + batch])  # type: ignore[arg-type]
    while store.counts().pending:
        time.sleep(0.02)
    if store.counts().failed:
        raise RuntimeError(f"{store.counts().failed} pictures failed")


def through_the_notebook(paths: list[Path]) -> float:
    """Images/s of the loop that decodes in full and predicts one by one."""
    command = [sys.executable, "-c", NOTEBOOK, *map(str, paths)]
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
    count: Annotated[int, typer.Option(help="photos through the worker")] = 416,
    notebook: Annotated[int, typer.Option(help="photos through the notebook's loop")] = 64,
) -> None:
    """Measure both and print a Markdown table."""
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        watched = folder or Path(scratch) / "pictures"
        paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder else make_pictures(watched, count)
        settings = load_settings(watch_dir=watched, state_dir=Path(scratch) / "state", weights="random")
        ours = through_the_worker(paths[:count], settings)
        loop = through_the_notebook(paths[:notebook])
    print(f"Machine: {processor()}; batch {settings.batch_size}, precision {settings.precision}, random weights\n")
    print("| files to features | images/s | ratio |\n| --- | --- | --- |")
    print(f"| notebook's loop, one `predict` per image | {loop:.1f} | 1.0 |")
    print(f"| imagesieve, features in Redis | {ours:.1f} | {ours / loop:.1f} |")


if __name__ == "__main__":
    typer.run(main)
