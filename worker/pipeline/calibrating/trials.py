"""What a collection shows of candidates and verification: copies of its own pictures, made in memory and compared.

Nothing is written, neither to the watched folder nor to the store.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import FileChanging, PermanentError
from shared.records import Pair, pair_of
from worker.engine.edits.attacks import ATTACKS, Attack, edited
from worker.engine.matching.evidence import Evidence, Stranger, Trial, loosened
from worker.engine.matching.verify import Thresholds, verify, verify_pixels
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode, shrink
from worker.engine.sketch.sketch import describe
from worker.network.port import Network
from worker.pipeline.calibrating.originals import Originals, Side
from worker.pipeline.comparison import reduced
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.judge import CANDIDATES

SEED: Final = 20140904  # the same collection gives the same sample and the same copies
STRANGERS_COMPARED: Final = 8  # unrelated originals that each copy is compared with: the most promising candidates ...
DEALT: Final = 8  # ... and these, drawn from the whole collection without repetition
OTHER_COPIES: Final = 12  # of other pictures with the same edit: one caption over two pictures is no duplicate

Pictures = NDArray[np.uint8]
Features = NDArray[np.float32]


@dataclass(frozen=True)
class Calibrating:
    """The collaborators of `measure`. index: holds every content of `originals.keeper_of`.

    progress: called with how many pictures are done, and of how many. max_pixels: of a copy.
    """

    originals: Originals
    index: ContentIndex
    network: Network
    executor: Executor
    progress: Callable[[int, int], None]
    max_pixels: int
    attacks: Sequence[Attack] = ATTACKS


@dataclass(frozen=True)
class Measured:
    """images: pictures that were edited. skipped: path -> why one could not be. keepers: in the collection."""

    evidence: Evidence
    images: int
    skipped: dict[str, str]
    keepers: int


@dataclass(frozen=True)
class _Copy:
    """digest: of the original."""

    digest: str
    edit: str
    view: Side


@dataclass(frozen=True)
class _Job:
    """What a copy is compared with: its original, unrelated originals, and copies of others."""

    copy: _Copy
    original: Side
    candidate: bool
    strangers: list[str]
    same: list[_Copy]


def measure(calibrating: Calibrating, sample: int) -> Measured:
    """Make copies of up to `sample` keepers, reduced to PIXEL_SIDE, and compare them with originals and strangers.

    Raises PermanentError where there are not two pictures, or none can be read. About 6 s for each picture of the
    sample on two cores, most of it forward passes. Memory: 4 KiB a copy, and the pixels of one picture's copies.
    """
    order = sorted(calibrating.originals.files)
    if len(order) < 2:
        raise PermanentError("a calibration needs at least two different pictures that have a verdict")
    random.Random(SEED).shuffle(order)  # noqa: S311 - a sample, no secret
    run, skipped, done = _Run(calibrating), dict[str, str](), 0
    for digest in order:
        if done == min(sample, len(order)):
            break
        try:
            calibrating.originals.sketch(digest)
            calibrating.originals.picture(digest)
        except (PermanentError, FileChanging) as error:
            skipped[calibrating.originals.files[digest].path] = str(error)
            continue
        run.add(digest)
        done += 1
        calibrating.progress(done, min(sample, len(order)))
    if not done:
        raise PermanentError(f"no picture of the collection can be read: {next(iter(skipped.values()))}")
    return Measured(run.evidence(), done, skipped, len(order))


class _Run:
    def __init__(self, calibrating: Calibrating) -> None:
        self._calibrating = calibrating
        self._originals = calibrating.originals
        self._loose = loosened(Thresholds())
        self._chance = random.Random(SEED)  # noqa: S311
        self._trials: list[Trial] = []
        self._strangers: dict[Pair, Stranger] = {}
        self._left_out: set[Pair] = set()
        self._comparisons = 0
        self._earlier: dict[str, list[_Copy]] = {attack.name: [] for attack in calibrating.attacks}

    def evidence(self) -> Evidence:
        """The evidence so far."""
        return Evidence(self._trials, list(self._strangers.values()), self._comparisons, len(self._left_out))

    def add(self, digest: str) -> None:
        """Add the trials of one picture. Raises what reading it raises."""
        calibrating = self._calibrating
        made = list(calibrating.executor.map(lambda attack: self._make(digest, attack), calibrating.attacks))
        features = calibrating.network.extract(np.stack([square for _, square in made]))
        copies = [copy for copy, _ in made]
        for trial, strangers in calibrating.executor.map(self._compare, self._jobs(digest, copies, features)):
            self._trials.append(trial)
            self._comparisons += len(strangers)
            for pair, stranger in strangers:
                known = self._strangers.get(pair)
                if known is None or stranger.similarity > known.similarity:
                    self._strangers[pair] = stranger
        for copy in copies:
            self._earlier[copy.edit].append(copy)

    def _make(self, digest: str, attack: Attack) -> tuple[_Copy, Pictures]:
        """A copy, and the network's input of it. Its pixels are made again in the rare case that they are needed."""

        def made() -> Picture:
            return decode(edited(self._originals.picture(digest), attack, digest), self._calibrating.max_pixels)

        def again() -> Picture | None:
            try:
                return reduced(made())
            except (PermanentError, FileChanging):
                return None

        picture = made()
        return _Copy(digest, attack.name, Side(describe(picture), again)), shrink(
            picture, self._calibrating.network.side
        )

    def _jobs(self, digest: str, copies: Sequence[_Copy], features: Features) -> list[_Job]:
        original = self._originals.view(digest)
        others = sorted(self._originals.files.keys() - {digest})
        self._chance.shuffle(others)
        jobs = []
        for place, (copy, row) in enumerate(zip(copies, features, strict=True)):
            nearest = self._calibrating.index.nearest(row, copy.view.sketch, self._originals.keeper, CANDIDATES)
            found = dict.fromkeys(map(self._originals.keeper, nearest))  # a candidate's keeper is compared, too
            dealt = [others[(place * DEALT + step) % len(others)] for step in range(min(DEALT, len(others)))]
            strangers = dict.fromkeys([*[one for one in found if one != digest][:STRANGERS_COMPARED], *dealt])
            earlier = self._earlier[copy.edit]
            same = self._chance.sample(earlier, min(OTHER_COPIES, len(earlier)))
            if original:
                jobs.append(_Job(copy, original, digest in found, self._unrelated(digest, strangers), same))
        return jobs

    def _unrelated(self, digest: str, others: Iterable[str]) -> list[str]:
        """Those that the collection does not connect with `digest`; the rest is counted."""
        unrelated = []
        for other in others:
            if self._originals.unrelated(digest, other):
                unrelated.append(other)
            else:
                self._left_out.add(pair_of(digest, other))
        return unrelated

    def _compare(self, job: _Job) -> tuple[Trial, list[tuple[Pair, Stranger]]]:
        """The trial of a copy, and each comparison with an unrelated picture."""
        copy = job.copy
        sides = [(digest, "", self._originals.view(digest)) for digest in job.strangers]
        sides += [(c.digest, c.edit, c.view) for c in job.same if self._originals.unrelated(copy.digest, c.digest)]
        found = []
        for digest, edit, view in sides:
            if view:
                similarity = self._similarity(view, copy.view)
                paths = [self._originals.files[one].path for one in (copy.digest, digest)]
                found.append((pair_of(copy.digest, digest), Stranger(paths[0], copy.edit, paths[1], edit, similarity)))
        return Trial(copy.edit, job.candidate, self._similarity(job.original, copy.view)), found

    def _similarity(self, first: Side, second: Side) -> float:
        """As the verdict writer measures it, the lower one where pixels settle it; 0 where the pair is refused."""
        sketches = first.sketch, second.sketch
        found = verify(*sketches, self._loose)
        if found is None or found.settled:
            return found.similarity if found else 0.0
        one, two = first.picture(), second.picture()
        if one is None or two is None:
            return 0.0
        settled = verify_pixels((one, two), sketches, found, self._loose)
        return min(found.similarity, settled.similarity) if settled else 0.0
