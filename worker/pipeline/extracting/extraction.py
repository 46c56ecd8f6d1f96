"""What extracting works with: its collaborators."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from shared.store import Attempts, Changes, Files, Images, Tallies
from worker.engine.search.encoding import Encoding
from worker.network.port import Network
from worker.pipeline.checks import NOTHING, Meanwhile
from worker.pipeline.extracting.guard import Guard
from worker.pipeline.storage import ReadableStorage


class ExtractionStore(Files, Changes, Attempts, Images, Tallies, Protocol):
    """Where a feature worker finds its files and leaves their features."""


@dataclass(frozen=True)
class Extraction:
    """The collaborators of `extract_batches`.

    network: is given up to batch_size pictures at a time, one forward pass. guard: of the decoders. by_bytes: whether
    the file at a path is compared by its bytes alone. meanwhile: done before each batch; should it be the end of this
    process, no file is to blame.
    """

    storage: ReadableStorage
    store: ExtractionStore
    extractor_id: str
    network: Network
    executor: Executor
    now: Callable[[], float]
    guard: Guard
    max_pixels: int
    max_bytes: int
    batch_size: int = 32
    encoding: Encoding = "float16"
    by_bytes: Callable[[str], bool] = lambda _: False
    meanwhile: Meanwhile = NOTHING
