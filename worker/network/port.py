"""A network as all other code knows it: `Network` once it is loaded, and `Backbone`, the class that a new one brings.

Which backbone is in use stands in worker.network.weights, and nowhere else. Importing this module loads no library:
every worker's main process does, and most have no use for NumPy.
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from shared.records.layers import Layer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from worker.engine.clusters.classes import Classes

Precision = Literal["float32", "bfloat16", "float16"]


class Network(Protocol):
    """A network that is loaded, or is being loaded: what the pipeline asks of it."""

    @property
    def side(self) -> int:
        """Pixels of a side of the squares that it looks at; known before it is loaded."""

    def extract(self, pictures: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Features, float32 `[n, dimensions]`, of RGB pictures, uint8 `[n, side, side, 3]`.

        Any n, 0 included; a row is the same whatever company its picture is in, but for rounding. Not for several
        threads at a time.
        """


class Backbone(Network, Protocol):
    """A kind of network, described before it is loaded; an instance is the network with its weights.

    side, dimensions: of what goes in and what comes out. name: of architecture and layer, part of the extractor's id.
    label: the same for people. file_name: of the file with its ImageNet weights. random_recipe: how its random weights
    are made, in the place of their digest; it changes with every change of them. warm_up: pictures after which it has
    its full speed. Importing its module does not load Keras.
    """

    side: ClassVar[int]
    dimensions: ClassVar[int]
    name: ClassVar[str]
    label: ClassVar[str]
    file_name: ClassVar[str]
    random_recipe: ClassVar[str]
    warm_up: ClassVar[int]

    def __init__(self, weights_file: Path | None, precision: Precision, batch_size: int) -> None:
        """Build it and load `weights_file`, or random weights for None, the same on every machine; seconds.

        batch_size: pictures of the largest forward pass. Raises WeightsError where the file cannot be read, or the
        loaded network does not tell two pictures apart.
        """

    def hasten(self) -> None:
        """Have the full speed from the next picture on, not after `warm_up`; that picture may wait for seconds."""

    @staticmethod
    def check_file(path: Path) -> None:
        """Raise WeightsError unless the file holds weights of this network; without loading Keras."""

    @staticmethod
    def download() -> Path:
        """The file with its ImageNet weights, downloaded if it is not on this machine. Raises WeightsError."""

    @staticmethod
    def read_classes(path: Path) -> "Classes":
        """What its weights file calls what it sees; without loading Keras. Raises NoClasses, a WeightsError."""

    @staticmethod
    def layers() -> tuple[Layer, ...]:
        """All of its layers, from the pictures on; without loading Keras."""
