"""What IMAGESIEVE_WEIGHTS means, and the network loaded with it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, Self

from shared.errors import WeightsError
from shared.records import Extractor
from worker.network.backend import load_backend
from worker.network.classes import NoClasses, encode_classes
from worker.network.port import Backbone
from worker.network.precision import precision_here
from worker.network.vgg16 import Vgg16

BACKBONE: type[Backbone] = Vgg16  # the one place that says which network it is
PREPROCESSING: Final = "area-bars-3"  # changes with every change of decode or shrink that moves features
# A line of a terminal each; docs/troubleshooting.md says what they mean.
ASKED_FOR: Final = "random weights, as IMAGESIEVE_WEIGHTS asks; clusters are rough"
FALLEN_BACK: Final = "random weights, clusters are rough: imagesieve weights FILE"


@dataclass(frozen=True)
class Weights:
    """Weights that can be loaded. path: of the file; None for random ones. why: not those that were asked for first."""

    source: Literal["imagenet", "file", "random"]
    path: Path | None
    extractor: Extractor
    why: str = ""

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
    fetch = download or BACKBONE.download
    if weights == "random":
        return _random(ASKED_FOR)
    if weights not in ("imagenet", "auto"):
        return _from_file("file", Path(weights))
    try:
        return _from_file("imagenet", fetch())
    except WeightsError as error:
        if weights == "auto":
            return _random(FALLEN_BACK, str(error))
        raise WeightsError(
            f"{error}. Three ways out: connect to the network and start again; copy {BACKBONE.file_name} here and name "
            "it to `imagesieve weights`; or set IMAGESIEVE_WEIGHTS=random for a trial without "
            "real weights (IMAGESIEVE_WEIGHTS=auto falls back to that by itself)"
        ) from error


def load(weights: Weights, precision: str, batch_size: int) -> Backbone:
    """Build the network and load `weights`. Seconds. precision: see `precision_here`. Raises WeightsError."""
    if weights.path and _extractor_id(_digest(weights.path)) != weights.extractor.id:
        raise WeightsError(f"the weights file {weights.path} has changed since it was looked at; start again")
    load_backend()
    return BACKBONE(weights.path, precision_here(precision), batch_size)


def classes_of(weights: Weights) -> bytes:
    """What the network with these weights calls what it sees, or why it calls it nothing, as bytes for the store.

    Reads one layer of a file, 16 MB; what is in them `decode_classes` tells.
    """
    if weights.path is None:
        return encode_classes(NoClasses("random weights have learnt no classes; ImageNet's have"))
    try:
        return encode_classes(BACKBONE.read_classes(weights.path))
    except NoClasses as error:
        return encode_classes(error)


def _random(warning: str, why: str = "") -> Weights:
    extractor = Extractor(_extractor_id(BACKBONE.random_recipe), "random", f"{BACKBONE.label}, random weights", warning)
    return Weights("random", None, extractor, why)


def _from_file(source: Literal["imagenet", "file"], path: Path) -> Weights:
    BACKBONE.check_file(path)
    digest = _digest(path)
    which = "ImageNet weights" if source == "imagenet" else f"weights of {path.name}"
    return Weights(source, path, Extractor(_extractor_id(digest), source, f"{BACKBONE.label}, {which}"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extractor_id(weights: str) -> str:
    # The precision of the forward pass is left out: bfloat16's features have cosine 0.9999 to float32's.
    preprocessing = f"rgb{BACKBONE.side}-{PREPROCESSING}"
    return hashlib.sha256(f"{BACKBONE.name}/{weights}/{preprocessing}".encode()).hexdigest()[:16]
