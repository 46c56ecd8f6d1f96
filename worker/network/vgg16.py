"""VGG16 up to its second fully connected layer, written against Keras 3 alone (TensorFlow, JAX or PyTorch beneath).

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv 1409.1556. Layer
names and shapes are those of keras.applications.VGG16, so that its weights file loads by name. Keras is imported when
the network is built, not before.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import WeightsError
from shared.records.layers import Layer
from worker.engine.clusters.classes import Classes
from worker.engine.search.encoding import has_features
from worker.network.backend import load_backend
from worker.network.classes import read_classes
from worker.network.download import download_by_keras
from worker.network.port import Precision
from worker.network.weights_file import check_layers, read_layers

SIDE: Final = 224
DIMENSIONS: Final = 4096  # of fc1 and fc2
MEANS_BGR: Final = (103.939, 116.779, 123.68)  # of ImageNet's training set, as preprocess_input in "caffe" mode
BLOCKS: Final = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters and convolutions per block
FILE_MD5: Final = "64373286793e3c8b2b4e3219cbf3544b"  # as keras.applications.vgg16 has it
_AT_ONCE: Final = 1 << 16  # values, half a megabyte while they are made; even, for two come from each number
FILTER_AFTER: Final = 256  # pictures; what these lose by the slower way is about what the change costs
_FILTERED_AT_ONCE: Final = 16  # pictures; one size alone, for each is compiled for seconds, and small enough for caches


def layer_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of each layer's kernel, in the order of the network; a bias has the last of its dimensions."""
    shapes: dict[str, tuple[int, ...]] = {}
    channels = 3
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            shapes[f"block{block}_conv{number}"] = (3, 3, channels, filters)
            channels = filters
    shapes["fc1"] = ((SIDE // 2 ** len(BLOCKS)) ** 2 * channels, DIMENSIONS)
    shapes["fc2"] = (DIMENSIONS, DIMENSIONS)
    return shapes


def describe_layers() -> tuple[Layer, ...]:
    """The layers that `_build` makes, but for the operations that turn RGB into what the first one takes."""
    kernels, side, channels = layer_shapes(), SIDE, 3
    layers = [Layer("pictures", "InputLayer", (side, side, channels))]
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            layers.append(Layer(name, "Conv2D", (side, side, filters), kernels[name]))
        side, channels = side // 2, filters
        layers.append(Layer(f"block{block}_pool", "MaxPooling2D", (side, side, channels)))
    layers.append(Layer("flatten", "Flatten", (side * side * channels,)))
    return (*layers, *(Layer(name, "Dense", (DIMENSIONS,), kernels[name]) for name in ("fc1", "fc2")))


def random_weights() -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Kernel of each layer, He-uniform (He et al., arXiv 1502.01852), the same on every machine and backend.

    From raw bits of Philox with a key per layer, scaled by hand: NumPy promises the bits, not its distributions.
    Half a second for the 134 million values, for they are scaled while a processor's caches still hold them; no more
    memory than the largest kernel, 0.4 GB.
    """
    for key, (name, shape) in enumerate(layer_shapes().items()):
        generator = np.random.Philox(key=key)
        kernel = np.empty(int(np.prod(shape)), dtype=np.float32)
        bound = np.float32(np.sqrt(6 / np.prod(shape[:-1])))
        for start in range(0, kernel.size, _AT_ONCE):
            part = kernel[start : start + _AT_ONCE]
            part[:] = generator.random_raw((part.size + 1) // 2).astype("<u8", copy=False).view("<u4")[: part.size]
            part /= 2**31
            part -= 1
            part *= bound
        yield name, kernel.reshape(shape)


class Vgg16:
    """The network, built and loaded once; a `worker.network.port.Backbone`."""

    side: ClassVar = SIDE
    dimensions: ClassVar = DIMENSIONS
    name: ClassVar = "vgg16/fc2"
    label: ClassVar = "VGG16 fc2"
    file_name: ClassVar = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"
    random_recipe: ClassVar = "philox-he-uniform-1"  # changes with every change of random_weights
    warm_up: ClassVar = FILTER_AFTER

    def __init__(
        self, weights_file: Path | None, precision: Precision, batch_size: int, filter_after: float = FILTER_AFTER
    ) -> None:
        """See `Backbone`. 0.6 GB. The file is one that `weights_file.py` describes.

        After `filter_after` pictures in batches of sixteen a processor goes on with fewer multiplications
        (docs/adr/0018).
        """
        self._batch_size = batch_size
        layers = _random_layers() if weights_file is None else read_layers(weights_file, layer_shapes())
        self._network = _build(precision, layers)
        self._plain_left = filter_after if precision == "float32" and _on_processor() else math.inf
        self._filtered: Any = None
        self._try_out(weights_file)

    def hasten(self) -> None:
        """See `Backbone`."""
        if math.isfinite(self._plain_left):
            self._plain_left = 0

    @staticmethod
    def check_file(path: Path) -> None:
        """See `Backbone`. Reads every value once: half a second."""
        check_layers(path, layer_shapes())

    @staticmethod
    def download() -> Path:
        """See `Backbone`. Keras's own file, in Keras's own cache."""
        load_backend()
        from keras.src.applications.vgg16 import WEIGHTS_PATH

        return download_by_keras(Vgg16.file_name, WEIGHTS_PATH, FILE_MD5, "550 MB")

    @staticmethod
    def read_classes(path: Path) -> Classes:
        """See `Backbone`. The layer that follows fc2 in Keras's file."""
        return read_classes(path, DIMENSIONS)

    @staticmethod
    def layers() -> tuple[Layer, ...]:
        """See `Backbone`."""
        return describe_layers()

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """fc2 activations, float32 `[n, 4096]`, of RGB pictures, uint8 `[n, 224, 224, 3]`.

        Runs in batches of few sizes, so with few compilations.
        """
        features = np.empty((len(pictures), DIMENSIONS), dtype=np.float32)
        start = 0
        for size in batch_sizes(len(pictures), self._batch_size):
            part = pictures[start : start + size]
            padded = np.zeros((size, *part.shape[1:]), dtype=np.uint8)
            padded[: len(part)] = part
            features[start : start + len(part)] = self._run(padded)[: len(part)]
            start += size
        return features

    def _try_out(self, weights_file: Path | None) -> None:
        """Raise WeightsError unless noise and grey have finite features that differ. Nothing is compiled for it."""
        from keras.ops import convert_to_numpy

        noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3))
        pictures = np.stack([noise, np.full_like(noise, 128)]).astype(np.uint8)
        features = convert_to_numpy(self._network(pictures))  # from wherever it is: a GPU's memory is no array
        if not has_features(features).all() or np.array_equal(*features):
            raise WeightsError(
                f"the network gives no features with {weights_file or 'random weights'}: of a picture of noise and a "
                "grey one they are the same, all zero, or not finite; name another file in IMAGESIEVE_WEIGHTS, or set "
                "IMAGESIEVE_PRECISION=float32"
            )

    def _run(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A batch. The change to fewer multiplications takes eight seconds: not for few pictures, nor small batches."""
        parts, rest = divmod(len(pictures), _FILTERED_AT_ONCE)
        if rest or self._plain_left > 0:
            self._plain_left -= 0 if rest else len(pictures)
            return self._network.predict_on_batch(pictures)  # type: ignore[no-any-return]
        if self._filtered is None:
            from worker.network.winograd import replace_convolutions

            self._filtered = replace_convolutions(self._network)
        return np.concatenate([self._filtered.predict_on_batch(part) for part in np.split(pictures, parts)])


def batch_sizes(count: int, largest: int) -> list[int]:
    """Sizes of the batches for `count` pictures, each `largest` or a power of two below it (pure).

    Only the last may be padded, by an eighth: the network takes as long for a blank as for a picture, and two on their
    own take no longer than half a batch of four. 5 pictures are 4 and 1, not 8; 31 are 32.
    """
    sizes = []
    while count > 0:
        above = min(largest, 1 << (count - 1).bit_length())
        sizes.append(above if 8 * count > 7 * above else 1 << (count.bit_length() - 1))
        count -= sizes[-1]
    return sizes


def _random_layers() -> Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
    for name, kernel in random_weights():
        yield name, kernel, np.zeros(kernel.shape[-1], np.float32)


def _build(precision: Precision, values: Iterator[tuple[str, NDArray[np.float32], NDArray[np.float32]]]) -> Any:
    """The network with `values`: name, kernel and bias of each layer, in its order.

    Each layer starts with them: zeros to be replaced would be half a gigabyte more to fill.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        _let_gpu_memory_grow()
    # Not "mixed_": that keeps float32 weights and converts all of them for every batch.
    dtype = keras.dtype_policies.DTypePolicy(precision)

    def apply(kind: Any, *words: int, x: Any, **more: str) -> Any:
        name, kernel, bias = next(values)
        layer = kind(
            *words, name=name, activation="relu", dtype=dtype, **more, kernel_initializer=kernel, bias_initializer=bias
        )
        x = layer(x)
        layer.kernel_initializer = layer.bias_initializer = None  # or NumPy's copy stays beside the layer's own
        return x

    pictures = keras.Input((SIDE, SIDE, 3), dtype="uint8")
    # RGB to BGR and minus the means, inside the graph: one place, on the device, nothing for a caller to forget.
    bgr = keras.ops.flip(keras.ops.cast(pictures, "float32"), axis=-1)
    x = bgr - keras.ops.reshape(keras.ops.convert_to_tensor(MEANS_BGR, dtype="float32"), (1, 1, 1, 3))
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for _ in range(convolutions):
            x = apply(keras.layers.Conv2D, filters, 3, x=x, padding="same")
        x = keras.layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool", dtype=dtype)(x)
    x = keras.layers.Flatten(name="flatten", dtype=dtype)(x)
    x = apply(keras.layers.Dense, DIMENSIONS, x=x)
    x = apply(keras.layers.Dense, DIMENSIONS, x=x)
    return keras.Model(pictures, keras.ops.cast(x, "float32"))


def _on_processor() -> bool:
    """Whether the network runs on TensorFlow without a GPU."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow

    return not tensorflow.config.list_physical_devices("GPU")


def _let_gpu_memory_grow() -> None:
    """Take GPU memory as it is needed, not all of it: other processes may share the card."""
    import tensorflow

    for device in tensorflow.config.list_physical_devices("GPU"):
        try:
            tensorflow.config.experimental.set_memory_growth(device, True)
        except RuntimeError:
            return  # the GPU is in use in this process already, with whatever was set before
