"""What extracting works with: its collaborators."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from shared.store import Store
from worker.engine.search.encoding import Encoding
from worker.network.port import Network
from worker.pipeline.extracting.guard import Guard
from worker.pipeline.storage import ReadableStorage


@dataclass(frozen=True)
class Extraction:
    """The collaborators of `extract_batches`.

    network: is given up to batch_size pictures at a time, one forward pass. guard: of the decoders.
    """

    storage: ReadableStorage
    store: Store
    extractor_id: str
    network: Network
    executor: Executor
    now: Callable[[], float]
    guard: Guard
    max_pixels: int
    max_bytes: int
    batch_size: int = 32
    encoding: Encoding = "float16"
