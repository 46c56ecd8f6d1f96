"""A layer of a network, as a summary of the network lists it."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer. kind: Keras's name of its class. shape: of what comes out for one picture.

    kernel: shape of its kernel, () where it has none; there is a bias for each of the last of its dimensions.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    kernel: tuple[int, ...] = ()

    @property
    def parameters(self) -> int:
        """Trained values: those of kernel and bias."""
        return prod(self.kernel) + self.kernel[-1] if self.kernel else 0
