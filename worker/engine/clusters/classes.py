"""What a network sees in a picture, in the words that it was taught."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """A network's last layer: what it makes of d features.

    kernel: float32 `[d, c]`. bias: float32 `[c]`. words: what each of the c classes is called.
    """

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    words: tuple[str, ...]

    def probabilities(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """How likely each picture is each class, float32 `[n, c]`, rows of sum 1: one matrix product, and softmax.

        features: float32 `[n, d]`, as the network gives them. Cost: O(n d c).
        """
        values = features @ self.kernel
        values += self.bias
        values -= values.max(axis=1, keepdims=True)
        np.exp(values, out=values)
        values /= values.sum(axis=1, keepdims=True)
        return values
