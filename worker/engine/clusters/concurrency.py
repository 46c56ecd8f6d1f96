"""Parts of one computation on several cores, by threads that never wait for each other.

OpenMP and BLAS threads meet at a barrier in every call: beside busy feature workers each call then lasts as long as its
unluckiest thread (`cluster` on 3,000 rows took 18 and 32 seconds so, and 3 this way). Here each thread takes the next
part when it is done with the last; NumPy lets go of the interpreter while it computes.
"""

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

from threadpoolctl import threadpool_limits

Part = TypeVar("Part")
Result = TypeVar("Result")

CHUNK_ROWS: Final = 1024


@contextmanager
def one_thread_a_call() -> Iterator[None]:
    """BLAS and OpenMP compute each call on the thread that makes it, in the whole process."""
    with threadpool_limits(1):
        yield


def run_parts(function: Callable[[Part], Result], parts: list[Part]) -> Iterator[Result]:
    """The results in order, whichever is ready first: so sums of them do not depend on the number of cores."""
    workers = min(len(os.sched_getaffinity(0)), len(parts))
    if workers < 2:
        yield from map(function, parts)
        return
    # OpenMP keeps its limit per thread.
    with ThreadPoolExecutor(workers, initializer=threadpool_limits, initargs=(1, "openmp")) as pool:
        try:
            yield from pool.map(function, parts)
        finally:
            pool.shutdown(cancel_futures=True)  # whoever stops early does not wait for the rest


def chunks(rows: int) -> list[slice]:
    """Slices of at most CHUNK_ROWS that cover `rows` rows: one, or an even number of about equal ones.

    Three would leave one of two cores waiting for a third of the time. How many does not depend on the cores.
    """
    count = 2 * math.ceil(rows / (2 * CHUNK_ROWS)) if rows > CHUNK_ROWS else 1
    size = max(math.ceil(rows / count), 1)
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
