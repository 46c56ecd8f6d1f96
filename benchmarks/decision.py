"""The whole decision in one process: sketch, candidates, verification and groups, in the order of arrival.

An image joins the group of the first keeper it verifies against, never of a member: groups do not chain.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from worker.engine.neighbours import CANDIDATES, Neighbours
from worker.engine.sketch import Sketch, describe
from worker.engine.verify import Match, Thresholds, verify, verify_pixels
from worker.engine.whitening import fit_whitening

Read = Callable[[int], Any]
Extract = Callable[[list[Any]], NDArray[np.float16]]


@dataclass
class Decision:
    """groups: keeper -> all its images. matches: (keeper, image) -> match. candidates: per image and source."""

    groups: dict[int, list[int]] = field(default_factory=dict)
    matches: dict[tuple[int, int], Match] = field(default_factory=dict)
    candidates: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sketch_bytes: list[int] = field(default_factory=list)

    def timed(self, stage: str, call: Callable[..., Any], *values: Any) -> Any:
        """Call and remember how long it took."""
        started = time.perf_counter()
        result = call(*values)
        self.seconds[stage].append(time.perf_counter() - started)
        return result

    def pairs(self) -> set[tuple[int, int]]:
        """Every pair of images in one group."""
        return {pair for images in self.groups.values() for pair in combinations(sorted(images), 2)}

    def candidate_table(self, labels: Sequence[tuple[str, str]]) -> str:
        """How often the original is among the first 10, 20, 50 candidates. labels: (source, edit) of every image."""
        originals = {source: number for number, (source, edit) in enumerate(labels) if not edit}
        ranks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for name, lists in self.candidates.items():
            for number, found in lists.items():
                source, edit = labels[number]
                if edit:
                    wanted = originals[source]
                    ranks[edit][name].append(found.index(wanted) if wanted in found else 10**6)
        rows = []
        for edit, of_edit in [*ranks.items(), ("all edits", _merged(ranks))]:
            shares = [np.mean(np.array(of_edit[name]) < limit) for name in self.candidates for limit in (10, 20, 50)]
            rows.append([edit, *shares])
        head = [f"{name} @{limit}" for name in self.candidates for limit in (10, 20, 50)]
        return tabulate(rows, ["candidates", *head], tablefmt="github", floatfmt=".3f")

    def timings(self) -> str:
        """Milliseconds per stage and bytes per sketch."""
        rows = [
            [stage, len(values), 1000 * np.median(values), 1000 * np.percentile(values, 95), sum(values)]
            for stage, values in self.seconds.items()
        ]
        text = tabulate(rows, ["stage", "calls", "median ms", "p95 ms", "sum s"], tablefmt="github", floatfmt=".2f")
        return f"{text}\n\nsketch: {np.mean(self.sketch_bytes):.0f} bytes, at most {max(self.sketch_bytes)}"


def _merged(ranks: dict[str, dict[str, list[int]]]) -> dict[str, list[int]]:
    merged: dict[str, list[int]] = defaultdict(list)
    for of_edit in ranks.values():
        for name, values in of_edit.items():
            merged[name] += values
    return merged


def decide(count: int, read: Read, extract: Extract | None, thresholds: Thresholds | None = None) -> Decision:
    """Decide on `count` pictures. read: the picture of a number. extract: features of a batch of pictures."""
    limits = thresholds or Thresholds()
    result = Decision()
    sketches, features = _prepare(count, read, extract, result)
    whitening = fit_whitening(features[:: max(1, count // 4096)])
    index = Neighbours(whitening)
    for number in range(count):
        keeper_of = {str(image): str(keeper) for keeper, images in result.groups.items() for image in images}
        found = result.timed("candidates", index.search, features[number], sketches[number], keeper_of.__getitem__, 50)
        result.candidates["both"][number] = [int(image) for image in found]
        _remember_sources(result, index, number, features[number], sketches[number])
        keeper = _keeper(number, result, sketches, read, limits)
        if keeper is None:
            result.groups[number] = [number]
        else:
            result.groups[keeper].append(number)
        result.timed("index", index.add, [str(number)], features[number : number + 1], [sketches[number]])
    return result


def _prepare(
    count: int, read: Read, extract: Extract | None, result: Decision
) -> tuple[list[Sketch], NDArray[np.float16]]:
    sketches, features = [], []
    for start in range(0, count, 32):
        pictures = [read(number) for number in range(start, min(count, start + 32))]
        sketches += [result.timed("sketch", describe, picture) for picture in pictures]
        if extract:
            features.append(extract(pictures))
    result.sketch_bytes += [len(sketch.to_bytes()) for sketch in sketches]
    return sketches, np.concatenate(features) if features else np.zeros((count, 2), np.float16)


def _remember_sources(result: Decision, index: Neighbours, number: int, features: Any, sketch: Sketch) -> None:
    if len(index):
        result.candidates["features"][number] = [int(image) for image in index.by_features(features, 50)]
        result.candidates["keypoints"][number] = [int(image) for image in index.by_keypoints(sketch, 50)]


def _keeper(number: int, result: Decision, sketches: list[Sketch], read: Read, limits: Thresholds) -> int | None:
    """The first candidate that is a keeper and verifies."""
    for candidate in result.candidates["both"][number][:CANDIDATES]:
        pair = sketches[candidate], sketches[number]
        match = result.timed("verify", verify, *pair, limits)
        if match and not match.settled:
            match = result.timed("verify pixels", verify_pixels, (read(candidate), read(number)), pair, match, limits)
        if match:
            result.matches[candidate, number] = match
            return candidate
    return None
