"""What extracting works with: its collaborators, and the shapes of what goes to the network and comes back."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.store import Attempts, Changes, Files, Images, Tallies
from worker.engine.search.encoding import Encoding
from worker.pipeline.extracting.guard import Guard

Pictures = NDArray[np.uint8]  # [n, 224, 224, 3], RGB
Features = NDArray[np.float32]  # [n, 4096]


class ExtractionStore(Files, Changes, Attempts, Images, Tallies, Protocol):
    """Where a feature worker finds its files and leaves their features."""


@dataclass(frozen=True)
class Extraction:
    """The collaborators of `extract_batches`.

    extract: up to batch_size pictures -> features, float32 `[n, 4096]`, one forward pass. guard: of the decoders.
    """

    root: Path
    store: ExtractionStore
    extractor_id: str
    extract: Callable[[Pictures], Features]
    executor: Executor
    now: Callable[[], float]
    guard: Guard
    max_pixels: int
    max_bytes: int
    batch_size: int = 32
    encoding: Encoding = "float16"
