"""What a collection shows of candidates and verification: copies of its own pictures, made in memory and compared.

Nothing is written, neither to the watched folder nor to the store.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue, FileChanging, PermanentError
from shared.records import Pair, pair_of
from worker.engine.edits.attacks import ATTACKS, Attack
from worker.engine.matching.evidence import Evidence, Finding, Stranger, Trial
from worker.engine.matching.verify import Proposal
from worker.network.port import Network
from worker.pipeline.calibrating.copies import Copies, Copy
from worker.pipeline.calibrating.looks import look, propose_sides
from worker.pipeline.calibrating.originals import Originals
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.collection import CANDIDATES

SEED: Final = 20140904  # the same collection gives the same sample and the same copies
STRANGERS_COMPARED: Final = 8  # unrelated originals that each copy is compared with: the most promising candidates ...
DEALT: Final = 8  # ... and these, drawn from the whole collection without repetition
OTHER_COPIES: Final = 12  # of other pictures with the same edit: one caption over two pictures is no duplicate
LOOKS: Final = 4  # times that the pixels of two unrelated pictures are compared, under several edits

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Calibrating:
    """The collaborators of `measure`. index: holds every content of `originals.keeper_of`.

    progress: called with how many pictures are done, and of how many. max_pixels: of a copy. whole: whether only
    whole, unturned copies are near.
    """

    originals: Originals
    index: ContentIndex
    network: Network
    executor: Executor
    progress: Callable[[int, int], None]
    max_pixels: int
    whole: bool = False
    attacks: Sequence[Attack] = ATTACKS


@dataclass(frozen=True)
class Measured:
    """images: pictures that were edited. skipped: path -> why one could not be. keepers: in the collection."""

    evidence: Evidence
    images: int
    skipped: dict[str, str]
    keepers: int


@dataclass(frozen=True)
class _Comparison:
    """A copy beside its original or beside another picture. candidate: whether its original would be compared."""

    copy: Copy
    other: Copy
    candidate: bool = False

    @property
    def pair(self) -> Pair:
        return pair_of(self.copy.digest, self.other.digest)


def measure(calibrating: Calibrating, sample: int) -> Measured:
    """Make copies of up to `sample` keepers, reduced to FINE_SIDE, and compare them with originals and strangers.

    Raises PermanentError where there are not two pictures, or none can be read. For each picture of the sample 21 s of
    processor time, about ten on two cores: 34 copies are compared with their original at 300 ms each, some pairs of
    unrelated ones, too, the rest by sketches at 4 ms. Memory: 8 KiB a copy, and the files of one picture's copies.
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
        self._copies = Copies(self._originals, calibrating.max_pixels, calibrating.network.side)
        self._chance = random.Random(SEED)  # noqa: S311
        self._trials: list[Trial] = []
        self._strangers: dict[Pair, Stranger] = {}
        self._left_out: set[Pair] = set()
        self._comparisons = 0
        self._looks = Counter[Pair]()
        self._earlier: dict[str, list[Copy]] = {attack.name: [] for attack in calibrating.attacks}

    def evidence(self) -> Evidence:
        """The evidence so far."""
        strangers = [replace(one, alike=self._looks[pair]) for pair, one in self._strangers.items()]
        return Evidence(self._trials, strangers, self._comparisons, len(self._left_out), self._calibrating.whole)

    def add(self, digest: str) -> None:
        """Add the trials of one picture. Raises what reading it raises."""
        run = self._calibrating.executor.map
        copies, features = self._make(digest)
        trials, strangers = self._arrange(digest, copies, features)
        self._trials += run(self._try, trials)
        proposed = zip(strangers, run(self._propose, strangers), strict=True)
        chosen = [(one, proposal) for one, proposal in proposed if proposal is None or self._has_a_look_left(one.pair)]
        self._comparisons += len(chosen)
        for pair, found in run(lambda one: (one[0].pair, self._compare(*one)), chosen):
            known = self._strangers.get(pair)
            self._strangers[pair] = known.joined(found) if known else found
        for copy in copies[1:]:
            self._earlier[copy.edit].append(copy)

    def _make(self, digest: str) -> tuple[list[Copy], Features]:
        """The picture itself and its copies, and their features."""
        calibrating = self._calibrating
        self._copies.take_turn(digest)
        made = [(self._copies.original(digest), self._copies.seen(self._originals.picture(digest)))]
        made += calibrating.executor.map(partial(self._copies.make, digest), calibrating.attacks)
        return [copy for copy, _ in made], calibrating.network.extract(np.stack([seen for _, seen in made]))

    def _arrange(
        self, digest: str, copies: Sequence[Copy], features: Features
    ) -> tuple[list[_Comparison], list[_Comparison]]:
        """Each copy with its original; and picture and copies with others, the picture first and the rest at random."""
        original = copies[0]
        others = sorted(self._originals.files.keys() - {digest})
        self._chance.shuffle(others)
        trials, alike, rest = list[_Comparison](), list[_Comparison](), list[_Comparison]()
        for place, (copy, row) in enumerate(zip(copies, features, strict=True)):
            nearest = self._calibrating.index.nearest(row, copy.view.sketch, self._originals.keeper, CANDIDATES)
            found = dict.fromkeys(map(self._originals.keeper, nearest))  # a candidate's keeper is compared, too
            dealt = [others[(place * DEALT + step) % len(others)] for step in range(min(DEALT, len(others)))]
            strangers = [one for one in found if one != digest][:STRANGERS_COMPARED]
            if copy is original:
                alike += self._unrelated(copy, self._as_they_are([*strangers, *dealt]))
                continue
            trials.append(_Comparison(copy, original, digest in found))
            rest += self._unrelated(copy, self._as_they_are([*strangers, *dealt]))
            earlier = self._earlier[copy.edit]
            rest += self._unrelated(copy, self._chance.sample(earlier, min(OTHER_COPIES, len(earlier))))
        self._chance.shuffle(rest)
        return trials, [*alike, *rest]

    def _as_they_are(self, digests: Iterable[str]) -> Iterator[Copy]:
        """These pictures, each once, but for those whose sketch is gone."""
        for digest in dict.fromkeys(digests):
            with suppress(CorruptValue):
                yield self._copies.original(digest)

    def _unrelated(self, copy: Copy, others: Iterable[Copy]) -> Iterator[_Comparison]:
        """The copy with those that the collection does not connect with it; the rest is counted."""
        for other in others:
            if self._originals.unrelated(copy.digest, other.digest):
                yield _Comparison(copy, other)
            else:
                self._left_out.add(pair_of(copy.digest, other.digest))

    def _has_a_look_left(self, pair: Pair) -> bool:
        self._looks[pair] += 1
        return self._looks[pair] <= LOOKS

    def _propose(self, one: _Comparison) -> Proposal | None:
        return propose_sides(one.other.view, one.copy.view)

    def _try(self, one: _Comparison) -> Trial:
        proposal = self._propose(one)
        found = look(one.other.view, one.copy.view, proposal, self._calibrating.whole) if proposal else Finding()
        return Trial(one.copy.edit, one.copy.relation, one.candidate, found)

    def _compare(self, one: _Comparison, proposal: Proposal | None) -> Stranger:
        """What an unrelated picture is found to be, under either setting."""
        paths = [self._originals.files[copy.digest].path for copy in (one.copy, one.other)]
        names = paths[0], one.copy.edit, paths[1], one.other.edit
        if proposal is None:
            return Stranger(*names)
        usual, strict = look(one.other.view, one.copy.view, proposal, whole=False), Finding()
        if usual.reached:  # or there is nothing that the stricter setting could refuse
            strict = look(one.other.view, one.copy.view, proposal, whole=True)
        return Stranger(*names, usual, strict, alike=1)
