"""What goes on beside a with block, in a thread of its own."""

import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Background(ABC):
    """Runs from the start of a with block to its end; what it raises comes out there, unless the block raised."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = ThreadPoolExecutor(1)

    @abstractmethod
    def _run(self) -> None:
        """What is done, until `_ended` is set."""

    def __enter__(self) -> Self:
        self._running = self._thread.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.shutdown()
        if error is None:
            self._running.result()
