"""The last layer of a network, by which clusters get names: found in the weights file, and as bytes for the store.

The recluster worker has no use for the network, and mostly no weights file: it gets the layer by way of the store
(docs/adr/0033). Loads no Keras.
"""

import zlib
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import WeightsError
from shared.records.sealed import seal, unseal
from worker.engine.clusters.classes import Classes
from worker.network.weights_file import read_layers

LAYER: Final = "predictions"  # in Keras's files
_EVEN: Final = 1.15  # the longest column over the shortest; 4,096 values drawn by chance give 1.1
_SQUARE: Final = 0.12  # cosine of two columns; of 500,000 pairs of 4,096 values drawn by chance the largest is 0.09


class NoClasses(WeightsError):
    """Weights have no classes. The message says why, in words that go on from "clusters have no names: "."""


def imagenet_words() -> tuple[str, ...]:
    """What the 1,000 classes of ImageNet's challenge are called, in the order of the networks trained for it.

    The first of the words that WordNet has for each, as in Keras and torchvision; three are told from a second class
    of that name.
    """
    text = files("worker.network").joinpath("imagenet_classes.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def read_classes(path: Path, dimensions: int) -> Classes:
    """The layer of 1,000 classes over `dimensions` features in an HDF5 weights file. Raises NoClasses.

    Cost: reads 16 MB of VGG16's file, and 4 GFLOP.
    """
    words = imagenet_words()
    try:
        [(_, kernel, bias)] = read_layers(path, {LAYER: (dimensions, len(words))})
    except WeightsError as error:
        raise NoClasses(
            f"{path.name} holds no layer {LAYER!r} of {dimensions:,} x {len(words):,} values, which says what is seen"
        ) from error
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise NoClasses(f"the layer {LAYER!r} of {path.name} holds values that are not finite")
    if is_untrained(kernel, bias):
        raise NoClasses(f"the layer {LAYER!r} of {path.name} was never trained: its values are constant or random")
    return Classes(kernel, bias, words)


def is_untrained(kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> bool:
    """Whether a layer is as it was made, before any picture was shown to it: its words would be drawn by lot.

    Initial biases are zero. Initial columns are constant, or drawn by chance: all of about one length and at right
    angles to each other. Training moves biases, and turns the columns of classes that look alike to each other.
    """
    if kernel.min() == kernel.max():
        return True
    lengths = np.linalg.norm(kernel, axis=0)
    if bias.any() or lengths.min() * _EVEN < lengths.max():
        return False
    columns = kernel / lengths
    cosines = columns.T @ columns
    np.fill_diagonal(cosines, 0)
    return bool(np.abs(cosines).max() < _SQUARE)


def encode_classes(classes: Classes | NoClasses) -> bytes:
    """Bytes of a layer, in float16 (8.2 MB for VGG16's), or of the reason why there is none."""
    if isinstance(classes, NoClasses):
        return seal([str(classes), [], 0])
    values = np.vstack([classes.kernel, classes.bias]).astype("<f2").tobytes()
    return seal(["", classes.words, zlib.crc32(values)]) + b"\n" + values


def decode_classes(raw: bytes) -> Classes:
    """What `encode_classes` was given. Raises NoClasses where there is none, or the bytes are damaged."""
    try:
        why, words, values = _unpacked(raw)
        layer = np.frombuffer(values, "<f2").reshape(-1, max(len(words), 1)).astype(np.float32)
    except (ValueError, TypeError) as error:
        raise NoClasses("no feature worker has published what its network's classes are; start it again") from error
    if why:
        raise NoClasses(why)
    return Classes(layer[:-1], layer[-1], tuple(words))


def _unpacked(raw: bytes) -> tuple[str, list[str], bytes]:
    head, _, values = raw.partition(b"\n")
    why, words, checksum = unseal(head)
    if checksum != zlib.crc32(values):
        raise ValueError("its checksum does not match")
    return why, words, values
