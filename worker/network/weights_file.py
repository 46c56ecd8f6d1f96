"""A file with VGG16's weights in HDF5: of each layer a kernel and a bias, told apart by their shapes.

Keras finds values by attributes that name them, and loads nothing, without a word, where a file lacks those. Here the
values that were looked at are the ones that are loaded.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import WeightsError

Shapes = Mapping[str, tuple[int, ...]]  # layer -> shape of its kernel; its bias has the last of the dimensions
Layer = tuple[str, NDArray[np.float32], NDArray[np.float32]]  # name, kernel, bias

_AT_ONCE: Final = 1 << 24  # values that are looked at together, 64 MiB


def check_layers(path: Path, layers: Shapes) -> None:
    """Raise WeightsError unless the file holds these layers: in their shapes, every value finite, no kernel constant.

    Reads every value once, at most 64 MiB at a time: half a second for VGG16.
    """
    with _opened(path) as file:
        found = {name: _values(path, file, name, shape) for name, shape in layers.items()}
        for name, (kernel, bias) in found.items():
            low, high = _range(kernel)
            if not np.isfinite([low, high, *_range(bias)]).all():
                raise WeightsError(f"{path} is damaged: layer {name} holds values that are not finite; {_WAY_OUT}")
            if low == high:
                raise WeightsError(f"{path} is not filled: every value of layer {name} is {low:g}; {_WAY_OUT}")


def read_layers(path: Path, layers: Shapes) -> Iterator[Layer]:
    """The values of these layers, in this order, one layer in memory at a time. Raises WeightsError."""
    with _opened(path) as file:
        for name, shape in layers.items():
            kernel, bias = _values(path, file, name, shape)
            yield name, kernel[()].astype(np.float32, copy=False), bias[()].astype(np.float32, copy=False)


_WAY_OUT: Final = "copy the file again, or name another one to `imagesieve weights`"


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The group in the file that holds the layers: the top one, or a saved model's."""
    import h5py

    try:
        with h5py.File(path) as file:
            yield file.get("model_weights", file)
    except (OSError, RuntimeError, KeyError, ValueError) as error:  # what h5py makes of a damaged file
        raise WeightsError(
            f"the weights file {path} cannot be read ({error}); check IMAGESIEVE_WEIGHTS, or name another one to "
            "`imagesieve weights`"
        ) from error


def _values(path: Path, group: Any, name: str, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The kernel and the bias of a layer, unread, however deep they are nested."""
    import h5py

    found: list[Any] = []
    layer = group.get(name) if isinstance(group, h5py.Group) else None
    if isinstance(layer, h5py.Group):
        layer.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    found.sort(key=lambda values: len(values.shape))
    expected = [shape[-1:], shape]
    if [values.shape for values in found] != expected:
        raise WeightsError(
            f"{path} does not hold VGG16's weights: the shapes of layer {name} should be {expected}, found "
            f"{[values.shape for values in found]}; IMAGESIEVE_WEIGHTS takes Keras's own file"
        )
    return found[1], found[0]


def _range(values: Any) -> tuple[float, float]:
    """The lowest and the highest value; NaN where there is one."""
    rows = max(1, _AT_ONCE * len(values) // values.size)
    lows, highs = [], []
    for start in range(0, len(values), rows):
        part = values[start : start + rows]
        lows.append(part.min())
        highs.append(part.max())
    return float(np.min(lows)), float(np.max(highs))
