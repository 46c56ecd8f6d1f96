"""The forward pass at its best, and whether the processors can feed it. `python -m benchmarks.gpu`.

Meant for a GPU, and runs without one. Each backend of Keras that is installed is measured in a process of its own, with
seeded random weights: images a second of VGG16 up to fc2, at each precision and batch size. Then all processors read
JPEG pictures as a feature worker does (decode, at reduced scale where they are large; digest of the pixels; the
network's input; the sketch, where SciPy is installed), alone and beside the best forward pass, which they feed. What is
slower of the two binds. The rates of reading leave out disks, Redis and the checks for damage and hidden parts.

It needs keras, numpy, h5py and opencv-python-headless beside a backend, and nothing else of what imagesieve needs: a
bare machine with PyTorch and a copy of this repository will do.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.network.backend import load_backend
from worker.network.port import Network, Precision
from worker.network.vgg16 import SIDE, Vgg16

BACKENDS: Final = ("tensorflow", "torch", "jax")
SIZES: Final = ((1024, 768), (4032, 3024))
CHUNK: Final = 16  # pictures that a process reads for one answer
REDUCED: Final = {2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}
LEAST_SIDE: Final = 1024  # pixels of the long side that a picture keeps, as in worker.engine.picture.decode
SKETCHES: Final = find_spec("scipy") is not None  # which they need
LIMITS = (
    "ImageNet weights, which take the same time; reading from disks, Redis and verdicts; several cards. On a machine "
    "without a GPU it measures Keras's forward pass, not imagesieve's own faster one for processors (docs/adr/0018)."
)

Squares = NDArray[np.uint8]


@dataclass(frozen=True)
class Pass:
    """Images a second of a forward pass."""

    precision: Precision
    batch: int
    rate: float


def make_jpeg(size: tuple[int, int], number: int) -> bytes:
    """A picture of smooth noise at several scales, seeded, as costly to decode and describe as a photo."""
    chance, (width, height) = np.random.default_rng(number), size
    picture = np.zeros((height, width, 3), np.float32)
    for divisor in (4, 8, 16, 32, 64):
        layer = chance.standard_normal((height // divisor + 2, width // divisor + 2, 3), np.float32)
        picture += cv2.resize(layer, size, interpolation=cv2.INTER_CUBIC) * (6 + divisor / 2)
    _, data = cv2.imencode(".jpg", np.clip(picture + 128, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return bytes(data)


def read(pictures: Sequence[bytes], long_side: int) -> Squares:
    """What a feature worker does of each JPEG before the network: its input, uint8 `[n, 224, 224, 3]`."""
    cv2.setNumThreads(1)
    divisor = max((one for one in REDUCED if long_side // one >= LEAST_SIDE), default=1)
    squares = np.empty((len(pictures), SIDE, SIDE, 3), np.uint8)
    for place, data in enumerate(pictures):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), REDUCED.get(divisor, cv2.IMREAD_COLOR))
        if pixels is None:
            raise ValueError("a JPEG that this benchmark made does not decode")
        picture = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
        sha256(picture.data)
        squares[place] = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        if SKETCHES:
            from worker.engine.sketch.sketch import describe

            describe(picture)
    return squares


def rate(step: Callable[[], int], seconds: float) -> float:
    """Images a second: `step` does some, and says how many. The first call, which compiles, does not count."""
    step()
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        done += step()
    return done / spent


def forward_passes(networks: Mapping[Precision, Network], batches: Sequence[int], seconds: float) -> Iterator[Pass]:
    """The rate at each precision and batch size."""
    pictures = np.random.default_rng(0).integers(0, 256, (max(batches), SIDE, SIDE, 3), dtype=np.uint8)
    for precision, network in networks.items():
        for batch in batches:
            yield Pass(precision, batch, rate(partial(_extract, network, pictures[:batch]), seconds))


def _extract(network: Network, pictures: Squares) -> int:
    return len(network.extract(pictures))


def fed(
    pool: ProcessPoolExecutor,
    pictures: Sequence[bytes],
    long_side: int,
    network: Network | None,
    batch: int,
    seconds: float,
) -> float:
    """Images a second that all processes read and, if there is one, the network takes, in batches of about `batch`.

    pictures: JPEG, which a process reads for one answer.
    """
    waiting: list[Future[Squares]] = []

    def step() -> int:
        ready: list[Squares] = []
        while sum(map(len, ready)) < batch:
            while len(waiting) < 2 * (os.cpu_count() or 1) + batch // len(pictures):
                waiting.append(pool.submit(read, pictures, long_side))
            ready.append(waiting.pop(0).result())
        squares = np.concatenate(ready)
        if network:
            network.extract(squares)
        return len(squares)

    found = rate(step, seconds)
    for one in waiting:
        one.result()
    return found


def precisions_here() -> tuple[Precision, ...]:
    """All that a GPU computes; float32 alone where there is none."""
    return ("bfloat16", "float16", "float32") if device() != "CPU" else ("float32",)


def device() -> str:
    """The name of the card that Keras's backend uses, or CPU."""
    load_backend()
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else "CPU"
    if keras.backend.backend() == "jax":
        import jax

        kinds = [one.device_kind for one in jax.devices() if one.platform == "gpu"]
        return str(kinds[0]) if kinds else "CPU"
    import tensorflow

    cards = tensorflow.config.list_physical_devices("GPU")
    return str(tensorflow.config.experimental.get_device_details(cards[0])["device_name"]) if cards else "CPU"


def measure(batches: Sequence[int], seconds: float, chunk: int) -> None:
    """Measure the backend that KERAS_BACKEND names, and print its tables. chunk: pictures read for one answer."""
    import keras

    cores = os.cpu_count() or 1
    print(f"\nkeras {keras.__version__} on {keras.backend.backend()}, {device()}, {cores} processors\n")
    print("| precision | batch | images/s |\n| --- | --- | --- |", flush=True)
    passes = []
    networks = {one: Vgg16(None, one, max(batches), filter_after=float("inf")) for one in precisions_here()}
    for one in forward_passes(networks, batches, seconds):
        passes.append(one)
        print(f"| {one.precision} | {one.batch} | {one.rate:.1f} |", flush=True)
    best = max(passes, key=lambda one: one.rate)
    if not SKETCHES:
        print("\nReading leaves out the sketch: scipy is not installed.")
    print("\n| JPEG | read alone, images/s | core-ms | read and forward pass, images/s | of the slower | binds |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for size in SIZES:
            pictures = [make_jpeg(size, number) for number in range(chunk)]
            alone = fed(pool, pictures, max(size), None, best.batch, seconds)
            both = fed(pool, pictures, max(size), networks[best.precision], best.batch, seconds)
            binds = "reading" if alone < best.rate else "the forward pass"
            share = both / min(alone, best.rate)
            cells = (
                "{} x {}".format(*size),
                f"{alone:.1f}",
                f"{1000 * cores / alone:.1f}",
                f"{both:.1f}",
                f"{share:.2f}",
            )
            print(f"| {' | '.join(cells)} | {binds} |", flush=True)
    print(f"\nA million images take {1e6 / best.rate:,.0f} s of this device for the forward pass.")


def main(words: Sequence[str] | None = None) -> None:
    """Measure each backend that is installed, in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--backends", default=",".join(BACKENDS), help="of Keras; those not installed are left out")
    parser.add_argument("--batches", default="32,64,128,256,512", help="pictures of a forward pass")
    parser.add_argument("--seconds", type=float, default=8.0, help="for each rate")
    parser.add_argument("--quick", action="store_true", help="one small batch, a second each: whether it runs at all")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    batches, seconds = ([4], 0.5) if given.quick else ([int(one) for one in given.batches.split(",")], given.seconds)
    if given.here:
        measure(batches, seconds, 2 if given.quick else CHUNK)
        return
    installed = [one for one in given.backends.split(",") if find_spec(one)]
    if not installed:
        raise SystemExit(f"none of {given.backends} is installed; Keras needs one of them")
    options = ["--batches", ",".join(map(str, batches)), "--seconds", str(seconds), "--here"]
    options += ["--quick"] if given.quick else []
    for backend in installed:
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run([sys.executable, "-m", "benchmarks.gpu", *options], env=environment, check=True)


if __name__ == "__main__":
    main()
