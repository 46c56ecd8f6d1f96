"""Convolutions 3 x 3 by minimal filtering: a quarter of the multiplications, and the same sums but for rounding.

Winograd's F(4 x 4, 3 x 3), as in Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308,
section 4.1: tiles of 6 x 6 values are transformed, multiplied with transformed kernels (36 matrix products of tiles by
filters), and transformed back to 4 x 4 results. The transforms only add and scale, but move much data; XLA joins each
into one pass, and the multiplications are TensorFlow's own. For processors: a GPU's library does this by itself.

Importing this module imports TensorFlow.
"""

from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

TILE: Final = 4  # results a side; a transformed tile has two more
_KERNEL: Final = np.array(  # G in the paper
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
_CHANNELS: Final = 128  # with fewer, moving the data takes longer than the multiplications that are saved


def replace_convolutions(network: keras.Model) -> keras.Model:
    """`network` with its convolutions 3 x 3 of many channels computed by minimal filtering; all else is shared.

    Kernels are taken as they are now, so weights are loaded before. The transformed kernels need memory of their own,
    four times that of the kernels.
    """

    def replaced(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel.shape[2] >= _CHANNELS:
            return MinimalFiltering(layer)
        return layer

    return keras.models.clone_model(network, clone_function=replaced)


class MinimalFiltering(keras.Layer):  # type: ignore[misc]
    """Stands for a `Conv2D` of kernel 3 x 3, stride 1, padding "same" and ReLU, with its kernel and bias."""

    def __init__(self, convolution: keras.layers.Conv2D) -> None:
        super().__init__(name=convolution.name, trainable=False)
        kernel, bias = convolution.get_weights()
        self._kernels = [tf.constant(matrix) for matrix in transform_kernel(kernel)]
        self._bias = tf.constant(bias)

    def call(self, values: Any) -> Any:
        """Float32 `[n, side, side, channels]` to `[n, side, side, filters]`."""
        side = values.shape[1]
        columns = [_transform_rows(part) for part in _transform_columns(values, -(-side // TILE))]
        products = [
            tf.matmul(columns[column][row], self._kernels[6 * row + column]) for row in range(6) for column in range(6)
        ]
        return _transform_back(products, self._bias, side)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Only the channels change."""
        return (*shape[:-1], self._bias.shape[0])


def transform_kernel(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """36 matrices, float32 `[36, channels, filters]`, of a kernel `[3, 3, channels, filters]`; sums in float64."""
    transformed = np.einsum("ri,cj,ijkf->rckf", _KERNEL, _KERNEL, kernel, optimize=True)
    return np.asarray(transformed.reshape(36, *kernel.shape[2:]), np.float32)


@tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
def _transform_columns(values: Any, tiles: int) -> list[Any]:
    """The six transformed columns of all tiles, each `[n, 4 tiles + 4, tiles, channels]`; zeros around the picture."""
    _, _, side, channels = values.shape
    around = [1, TILE * tiles + TILE - side - 1]
    values = tf.pad(values, [[0, 0], around, around, [0, 0]])
    values = tf.reshape(values, [-1, TILE * tiles + TILE, tiles + 1, TILE, channels])
    return _forward([values[:, :, at // TILE : at // TILE + tiles, at % TILE] for at in range(6)])


@tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
def _transform_rows(values: Any) -> list[Any]:
    """Of one column its six transformed rows, each `[n tiles tiles, channels]`."""
    _, _, tiles, channels = values.shape
    values = tf.reshape(values, [-1, tiles + 1, TILE, tiles, channels])
    rows = _forward([values[:, at // TILE : at // TILE + tiles, at % TILE] for at in range(6)])
    return [tf.reshape(row, [-1, channels]) for row in rows]


@tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
def _transform_back(products: list[Any], bias: Any, side: int) -> Any:
    """Pictures `[n, side, side, filters]` from the 36 products; bias added, below zero cut off."""
    tiles, filters = -(-side // TILE), bias.shape[0]
    products = [tf.reshape(product, [-1, tiles, tiles, filters]) for product in products]
    by_row = [_back(products[6 * row : 6 * row + 6]) for row in range(6)]
    by_column = [_back([by_row[row][column] for row in range(6)]) for column in range(TILE)]
    lines = [tf.stack([by_column[column][row] for column in range(TILE)], 3) for row in range(TILE)]
    values = tf.reshape(tf.stack(lines, 2), [-1, TILE * tiles, TILE * tiles, filters])
    return tf.nn.relu(values[:, :side, :side] + bias)


def _forward(d: list[Any]) -> list[Any]:
    """B transposed times six values (the paper's matrix, with what two rows share added once)."""
    a, b, c, e = d[4] - 4 * d[2], d[3] - 4 * d[1], d[4] - d[2], 2 * (d[3] - d[1])
    return [4 * d[0] - 5 * d[2] + d[4], a + b, a - b, c + e, c - e, 4 * d[1] - 5 * d[3] + d[5]]


def _back(m: list[Any]) -> list[Any]:
    """A transposed times six products: four results."""
    a, b, c, e = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    return [m[0] + a + c, b + 2 * e, a + 4 * c, b + 8 * e + m[5]]
