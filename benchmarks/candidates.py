"""Whether the original of a copy is among the candidates that it would be compared with, measured by itself."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from tabulate import tabulate

from shared.store import Extractors, Images
from worker.engine.search.encoding import stack
from worker.engine.search.neighbours import Neighbours
from worker.engine.search.whitening import fit_whitening
from worker.engine.sketch.sketch import Sketch

LIMITS = (10, 32, 50)  # 32 is what the verdict writer compares with


class CandidatesStore(Images, Extractors, Protocol):
    """What candidates are looked for in."""


def candidate_table(store: CandidatesStore, samples: Sequence[tuple[str, str, str]]) -> str:
    """How often the original is among the first candidates, by source of candidates, per edit.

    samples: (digest, source, edit) of every file, edit "" for an original or a stranger, which is its own source. The
    index holds originals and strangers alone, so each copy has to find its original itself, without other copies.
    """
    extractor = store.extractor()
    assert extractor is not None, "a run has published its extractor"
    digests = [digest for digest, _, _ in samples]
    features, sound = stack(store.features(extractor.id, digests))
    sketches = [Sketch.from_bytes(raw) for raw in store.sketches(digests) if raw]
    assert len(sound) == len(sketches) == len(samples), "every file was read"
    index = Neighbours(fit_whitening(features))
    placed = {place: f"{place}" for place, (_, _, edit) in enumerate(samples) if not edit}
    index.add(list(placed.values()), features[list(placed)], [sketches[place] for place in placed])
    original = {source: f"{place}" for place, (_, source, edit) in enumerate(samples) if not edit}
    ranks: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for place, (_, source, edit) in enumerate(samples):
        if not edit:
            continue
        lists = {
            "features": index.by_features(features[place], max(LIMITS)),
            "keypoints": index.by_keypoints(sketches[place], max(LIMITS)),
            "both": index.search(features[place], sketches[place], lambda found: found, max(LIMITS)),
        }
        for name, found in lists.items():
            rank = found.index(original[source]) if original[source] in found else np.inf
            ranks[edit][name].append(rank)
            ranks["all edits"][name].append(rank)
    ranks["all edits"] = ranks.pop("all edits")
    rows = [
        [edit, *(np.mean(np.array(of[name]) < limit) for name in of for limit in LIMITS)] for edit, of in ranks.items()
    ]
    names = [f"{name} @{limit}" for name in ("features", "keypoints", "both") for limit in LIMITS]
    return tabulate(rows, ["candidates", *names], tablefmt="github", floatfmt=".3f")
