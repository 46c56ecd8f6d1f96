"""A map on which neighbours are neighbours: t-SNE, begun from the plane of the principal axes."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.manifold import TSNE

from worker.engine.clusters.concurrency import one_thread_a_call
from worker.engine.clusters.geometry import Geometry, geometry_rows
from worker.engine.clusters.partitions import Points
from worker.engine.clusters.reduction import AXES, Plane, along, principal_axes
from worker.engine.clusters.rows import Rows

SHOWN: Final = 1500  # pictures, at most: 2.5 seconds of a processor, twice that for twice as many
PERPLEXITY: Final = 30  # neighbours that each picture is held by, about; scikit-learn's own, too
PULL: Final = 4.0  # on neighbours at first, for half of the steps; with scikit-learn's 12 heaps leave their places
STEPS: Final = 500  # with 250 nothing has settled, with 1,000 hardly any neighbour is another one
FEW: Final = 4  # pictures, below which there is nothing to lay out
START: Final = 10.0  # standard deviation of the first axis at the start, about that of a finished map


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """Pictures laid out so that those that look alike lie side by side.

    at: int `[m]`, which pictures. positions: float32 `[m, 2]`; how far apart heaps lie, and how large they are, says
    little.
    """

    at: npt.NDArray[np.intp]
    positions: Points


def lay_out(rows: Rows, plane: Plane, geometry: Geometry, seed: int) -> Neighbourhood:
    """The pictures of the plane, or SHOWN of them at equal steps, laid out by t-SNE (van der Maaten and Hinton 2008).

    It begins where the plane has them, spread as far as a finished map is. Begun in one point, as is usual, the heaps
    change places whenever a few pictures come; so each stays where it was (docs/adr/0034). No chance is in it.
    rows: the features of all pictures, of which those shown are read. Cost: O(m d AXES), then O(m log m) a step.
    """
    shown = np.unique(np.linspace(0, max(len(plane.at) - 1, 0), min(len(plane.at), SHOWN)).astype(np.intp))
    at, start = plane.at[shown], plane.positions[shown]
    points = geometry_rows(rows.read(at), geometry)
    points -= points.mean(axis=0) if len(points) else 0
    spread = float(start[:, 0].std()) if len(start) else 0.0
    if len(at) < FEW or spread == 0:
        return Neighbourhood(at, start)
    with one_thread_a_call():
        layout: Any = TSNE(
            perplexity=min(PERPLEXITY, (len(at) - 1) / 3),
            early_exaggeration=PULL,
            init=(start - start.mean(axis=0)) / np.float32(spread / START),
            max_iter=STEPS,
            n_jobs=1,
            random_state=seed,
        )
        return Neighbourhood(
            at, np.asarray(layout.fit_transform(along(points, principal_axes(points, AXES, seed))), dtype=np.float32)
        )
