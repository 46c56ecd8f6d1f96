"""`python -m worker.commands.measure`: how fast this machine describes pictures, for `imagesieve estimate`.

Takes one line of JSON: `turns`, lists of files of one format as `worker.pipeline.estimating.sample` draws them, and
`many`, whether there are pictures enough for the network to have its full speed. Prints a line of JSON for each thing
measured, so that what was measured before a decoder ends or holds up this process counts. Needs no Redis, stores
nothing; the network has random weights, which are computed as fast as any.
"""

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from shared.errors import ImagesieveError, PermanentError, WeightsError
from shared.records import Reference
from shared.settings import Settings, load_settings
from worker.libraries import prepare_libraries
from worker.pipeline.estimating.sample import Drawn

if TYPE_CHECKING:
    from worker.engine.picture.decode import Picture
    from worker.engine.sketch.sketch import Sketch

DESCRIBING_SECONDS: Final = 8.0  # by the clock
FORWARD_SECONDS: Final = 5.0
AT_ONCE: Final = 16  # pictures of a forward pass: a larger batch is no faster on processors, and ends later
LOOKS: Final = 5  # of one sketch at as many others as a verdict asks for
_DIGESTED: Final = 32 << 20  # bytes


class Measuring:
    """One measurement. squares, sketches: of the pictures described so far."""

    def __init__(self, settings: Settings) -> None:
        import cv2

        from worker.network.weights import BACKBONE
        from worker.pipeline.extracting.guard import Clocks, Guard
        from worker.pipeline.local_folder import LocalFolder

        cv2.setNumThreads(1)  # as in a feature worker
        self._settings = settings
        self._storage = LocalFolder(settings.watch_dir)
        self._guard = Guard(settings.max_pixels, settings.decode_seconds, Clocks())
        self._backbone = BACKBONE
        self._cores = os.cpu_count() or 1
        self.squares: list[Picture] = []
        self.sketches: list[Sketch] = []

    def describe(self, turns: list[list[Drawn]]) -> None:
        """Read and describe files, as many at a time as a feature worker does, until the time is over."""
        for drawn in turns[0][:1] if turns else ():
            self._describe(drawn)  # loads libraries, which takes longer than a picture
        self.squares.clear()
        self.sketches.clear()
        begun, spent = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(self._cores) as threads:
            for turn in turns:
                if time.perf_counter() - begun > DESCRIBING_SECONDS:
                    break
                before = time.process_time()
                found = list(threads.map(self._describe, turn))
                all_threads = time.process_time() - before
                own = sum(seconds for _, _, seconds in found)
                # A decoder may have threads of its own, whose time is shared out.
                more = max(1.0, all_threads / own) if own else 1.0
                for kind, megapixels, seconds in found:
                    emit({"format": turn[0].format, "refused": kind, "timed": [megapixels, seconds * more]})
        self._note_cores(time.process_time() - spent, time.perf_counter() - begun)

    def _describe(self, drawn: Drawn) -> tuple[str, float, float]:
        """Why it is refused, "" if it is not; megapixels; seconds of this thread."""
        from worker.engine.picture.decode import probe
        from worker.pipeline.extracting.reading import Refused, describe_picture
        from worker.pipeline.files import read_file

        begun, pixels = time.thread_time(), 0
        reference = Reference(drawn.path, drawn.size, drawn.mtime_ns)
        try:
            data = read_file(self._storage, reference, self._settings.max_bytes).data
            header = probe(data)
            pixels = header.width * header.height
            with self._guard.decoding(reference, pixels):
                made, square = describe_picture(data, self._settings.max_pixels, self._backbone.side)
        except PermanentError as error:
            return str(Refused.by(error).kind), pixels / 1e6, time.thread_time() - begun
        except ImagesieveError:
            return "changing", pixels / 1e6, time.thread_time() - begun
        self.squares.append(square)
        self.sketches.append(made.sketch)
        return "", pixels / 1e6, time.thread_time() - begun

    def _note_cores(self, spent: float, clock: float) -> None:
        """How many cores the work got; of two answers the later one counts, for the network waits for nothing else."""
        emit({"cores": min(self._cores, spent / max(clock, 1e-6))})

    def look(self) -> None:
        """Compare sketches with as many others as a verdict asks for."""
        from worker.engine.matching.thresholds import Thresholds
        from worker.engine.matching.verify import promising, propose
        from worker.pipeline.judging.collection import CANDIDATES

        sketches = self.sketches
        if len(sketches) < 2:
            return
        spent = time.thread_time()
        count = min(LOOKS, len(sketches))
        for place in range(count):
            others = sketches[:place] + sketches[place + 1 :]
            others = (others * (CANDIDATES // len(others) + 1))[:CANDIDATES]
            for other, may in zip(others, promising(sketches[place], others), strict=True):
                if may:
                    propose(other, sketches[place], Thresholds())
        emit({"verdict": (time.thread_time() - spent) / count})

    def digest(self) -> None:
        """Digest memory."""
        data, spent = bytes(_DIGESTED), time.thread_time()
        hashlib.sha256(data)
        emit({"digest": _DIGESTED / max(1e-6, time.thread_time() - spent)})

    def compute(self, many: bool) -> None:
        """Load the network and compute some batches. Raises WeightsError."""
        import numpy as np

        from worker.network.backend import describe_backend
        from worker.network.weights import load, resolve

        begun, size = time.process_time(), self._settings.batch_size
        gpu = "GPU" in describe_backend()["devices"]
        size = size if gpu else min(AT_ONCE, size)
        network = load(resolve("random"), self._settings.precision, size)
        emit({"start": time.process_time() - begun})
        batch = np.stack([self.squares[number % len(self.squares)] for number in range(size)])
        if many:
            network.hasten()
        network.extract(batch)  # is compiled now
        begun, spent, done, clock = time.perf_counter(), time.process_time(), 0, 0.0
        while clock < FORWARD_SECONDS:
            network.extract(batch)
            done += size
            clock, seconds = time.perf_counter() - begun, time.process_time() - spent
            emit({"network": seconds / done, "device": clock / done if gpu else 0.0})
            if not gpu:
                self._note_cores(seconds, clock)


def emit(value: dict[str, Any]) -> None:
    """A line for whoever started this."""
    print(json.dumps(value), flush=True)


def main() -> int:
    """Exit status 1 with a sentence where the network cannot be loaded."""
    asked = json.loads(sys.stdin.readline())
    settings = load_settings()
    prepare_libraries(settings.max_pixels)
    measuring = Measuring(settings)
    measuring.digest()
    measuring.describe([[Drawn(*one) for one in turn] for turn in asked["turns"]])
    measuring.look()
    try:
        if measuring.squares:
            measuring.compute(asked["many"])
    except WeightsError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
