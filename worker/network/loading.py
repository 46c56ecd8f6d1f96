"""The network while it is being loaded: what needs no forward pass goes on, for seconds or minutes."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import Unavailable
from worker.network.port import Network

if TYPE_CHECKING:  # every worker's main process imports this module, and most have no use for NumPy
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


class LoadingNetwork:
    """A network that a thread of its own loads from now on."""

    def __init__(self, side: int, load: Callable[[], Network], tell: Callable[[], object] = lambda: None) -> None:
        """side: see `Network`. tell: called when it is loaded; it may raise Unavailable."""
        self.side = side
        self._network = ThreadPoolExecutor(1, "network").submit(load)
        self._network.add_done_callback(partial(_tell, tell))

    def extract(self, pictures: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """As `Network.extract`; waits until it is loaded, and raises what loading it raised."""
        return self._network.result().extract(pictures)


def _tell(loaded: Callable[[], object], network: Future[Network]) -> None:
    """Say at once what is wrong: perhaps no picture asks for the network for days."""
    if error := network.exception():
        logger.error("the network could not be loaded: %s", error)
        return
    with suppress(Unavailable):  # it is only told for the progress bar
        loaded()
