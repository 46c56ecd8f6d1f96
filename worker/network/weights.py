"""What IMAGESIEVE_WEIGHTS means, and the network loaded with it."""

import hashlib
import io
import json
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, Self, TextIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from shared.errors import WeightsError
from shared.records import Extractor
from worker.network.backend import load_backend
from worker.network.vgg16 import FILTER_AFTER, RANDOM_RECIPE, Precision, Vgg16, faster_precision, layer_shapes
from worker.network.weights_file import check_layers

FILE_NAME: Final = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
FILE_MD5: Final = "64373286793e3c8b2b4e3219cbf3544b"  # as keras.applications.vgg16 has it
PREPROCESSING: Final = "rgb224-area-2"  # changes with every change of decode or shrink that moves features
DOWNLOAD_SECONDS: Final = 30.0  # without a byte from the server
DOWNLOAD_SIZE: Final = "550 MB"
_SAME_WITH_RANDOM: Final = (
    "Exact and identical duplicates are the same with them; clusters mean less, and a few near ones may be missed"
)


@dataclass(frozen=True)
class Weights:
    """Weights that can be loaded. path: of the file; None for random ones."""

    source: Literal["imagenet", "file", "random"]
    path: Path | None
    extractor: Extractor

    def to_json(self) -> str:
        """For the environment of a process that is to load them."""
        return json.dumps([self.source, str(self.path or ""), asdict(self.extractor)])

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` gave."""
        source, path, extractor = json.loads(text)
        return cls(source, Path(path) if path else None, Extractor(**extractor))


def resolve(weights: str, download: Callable[[], Path] | None = None) -> Weights:
    """Find out which weights IMAGESIEVE_WEIGHTS names. Only `imagenet` and `auto` use the network, and load Keras.

    Reads a weights file once, to digest it: half a second. Raises WeightsError with the ways out.
    """
    fetch = download or download_imagenet
    if weights == "random":
        return _random(f"random weights, as IMAGESIEVE_WEIGHTS asks for. {_SAME_WITH_RANDOM}")
    if weights not in ("imagenet", "auto"):
        return _from_file("file", Path(weights))
    try:
        return _from_file("imagenet", fetch())
    except WeightsError as error:
        if weights == "auto":
            return _random(
                f"random weights: {error}. {_SAME_WITH_RANDOM}. For real ones start again with a network, or name a "
                "copy of the file in IMAGESIEVE_WEIGHTS"
            )
        raise WeightsError(
            f"{error}. Three ways out: connect to the network and start again; copy {FILE_NAME} here and name its path "
            "in IMAGESIEVE_WEIGHTS (it ends in .h5); or set IMAGESIEVE_WEIGHTS=random for a trial without real weights "
            "(IMAGESIEVE_WEIGHTS=auto falls back to that by itself)"
        ) from error


def load(weights: Weights, precision: str, batch_size: int, filter_after: float = FILTER_AFTER) -> Vgg16:
    """Build the network, load `weights`, and look at what it makes of a picture. Seconds. Raises WeightsError.

    precision: `auto` takes what the hardware computes in.
    """
    if weights.path and _extractor_id(_digest(weights.path)) != weights.extractor.id:
        raise WeightsError(f"the weights file {weights.path} has changed since it was looked at; start again")
    load_backend()
    chosen = choose_precision(precision, _cpu_flags(), _gpu_capability, faster_precision)
    return Vgg16(weights.path, chosen, batch_size, filter_after)


def choose_precision(
    wanted: str,
    cpu_flags: frozenset[str],
    gpu_capability: Callable[[], tuple[int, int] | None],
    faster: Callable[[], Precision],
) -> Precision:
    """The precision of the forward pass; for `auto` that of the hardware, and float32 where lower ones are emulated.

    A processor with bfloat16 instructions but without AMX is put to the test: `faster` tells what it found.
    """
    if wanted in ("float32", "bfloat16", "float16"):
        return wanted  # type: ignore[return-value]
    capability = gpu_capability()
    if capability:
        return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
    if "amx_bf16" in cpu_flags:
        return "bfloat16"
    return faster() if cpu_flags & {"avx512_bf16", "bf16"} else "float32"


def download_imagenet() -> Path:
    """Keras's own file in Keras's own cache, downloaded if needed and verified. Raises WeightsError."""
    import keras
    from keras.src.applications.vgg16 import WEIGHTS_PATH

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)
    try:
        with redirect_stdout(_Download(sys.stderr)):
            return Path(keras.utils.get_file(FILE_NAME, WEIGHTS_PATH, cache_subdir="models", file_hash=FILE_MD5))
    except Exception as error:  # Keras raises a bare Exception for what the server or the network did
        raise WeightsError(
            f"the ImageNet weights could not be downloaded ({urlsplit(WEIGHTS_PATH).hostname}: {_cause(error)})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _cause(error: Exception) -> str:
    """Without the address of the file, which Keras's own sentence is mostly made of."""
    failed = error.__context__
    if isinstance(failed, HTTPError):
        return f"{failed.code} {failed.reason}"
    return str(failed.reason if isinstance(failed, URLError) else error)


class _Download(io.TextIOBase):
    """Where Keras's progress goes, standard output being for results. It speaks only if it downloads."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._announced = False

    def write(self, text: str) -> int:
        if not self._announced:
            self._announced = True
            self._out.write(f"imagesieve: downloading the ImageNet weights, {DOWNLOAD_SIZE}, once on this machine\n")
        return self._out.write(text)

    def flush(self) -> None:
        self._out.flush()

    def isatty(self) -> bool:
        return self._out.isatty()


def _random(warning: str) -> Weights:
    extractor = Extractor(_extractor_id(RANDOM_RECIPE), "random", "VGG16 fc2, random weights", warning)
    return Weights("random", None, extractor)


def _from_file(source: Literal["imagenet", "file"], path: Path) -> Weights:
    check_layers(path, layer_shapes())
    digest = _digest(path)
    label = "VGG16 fc2, ImageNet weights" if source == "imagenet" else f"VGG16 fc2, weights of {path.name}"
    return Weights(source, path, Extractor(_extractor_id(digest), source, label))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extractor_id(weights: str) -> str:
    # The precision of the forward pass is left out: bfloat16's features have cosine 0.9999 to float32's.
    return hashlib.sha256(f"vgg16/fc2/{weights}/{PREPROCESSING}".encode()).hexdigest()[:16]


def _cpu_flags() -> frozenset[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    # "flags" on x86-64, "Features" on 64-bit Arm.
    return frozenset(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())


def _gpu_capability() -> tuple[int, int] | None:
    """Compute capability of the first GPU that Keras's backend sees; None without one."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        devices = tensorflow.config.list_physical_devices("GPU")
        details = tensorflow.config.experimental.get_device_details(devices[0]) if devices else {}
        capability = details.get("compute_capability")
        return (int(capability[0]), int(capability[1])) if capability else None
    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_capability() if torch.cuda.is_available() else None
    import jax

    devices = [device for device in jax.devices() if device.platform == "gpu"]
    return tuple(map(int, str(devices[0].compute_capability).split("."))) if devices else None  # type: ignore[return-value]
