"""The network that benchmarks describe pictures with: the full-size one, or a stub that costs nothing."""

import time
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.settings import Settings
from worker.network import weights
from worker.network.port import Network

BATCH: Final = 32
CELLS: Final = 8  # a picture is averaged over so many cells a side


class StubNetwork:
    """In place of the network: the colours of a picture, averaged over cells, through a seeded matrix and ReLU."""

    side = weights.BACKBONE.side

    def __init__(self) -> None:
        shape = (CELLS * CELLS * 3, weights.BACKBONE.dimensions)
        self._matrix = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `worker.network.port.Network` has it. Different pictures, different features."""
        small = [cv2.resize(one, (CELLS, CELLS), interpolation=cv2.INTER_AREA) for one in pictures]
        cells = np.array(small, np.float32)
        features: NDArray[np.float32] = np.maximum((cells.reshape(len(pictures), -1) - 128) @ self._matrix, 0)
        return features


def load_network(source: str, precision: str = "auto", stub: bool = False) -> Network:
    """With the weights that `source` names, as IMAGESIEVE_WEIGHTS does, for batches of 32; or the stub."""
    return StubNetwork() if stub else weights.load(weights.resolve(source), precision, BATCH)


def forward_pass(settings: Settings, stub: bool = False) -> float:
    """Processor milliseconds an image of a forward pass at batch 32, all cores together; the median of four."""
    network, side = load_network("random", settings.precision, stub), weights.BACKBONE.side
    pictures = np.random.default_rng(0).integers(0, 256, (BATCH, side, side, 3), dtype=np.uint8)
    for _ in range(0, weights.BACKBONE.warm_up + BATCH, BATCH):
        network.extract(pictures)
    seconds = []
    for _ in range(4):
        begun = time.process_time()
        network.extract(pictures)
        seconds.append(time.process_time() - begun)
    return float(np.median(seconds)) * 1000 / BATCH
