"""k from 1 to 30 with elbow and silhouette, beside the notebook's loops. `python -m benchmarks.recluster`.

The notebook: `KMeans(k).fit(X)` for k = 1 to 29, then `KMeans(k).fit_predict(X)` and `silhouette_score` for k from 2.
Ours: one call of `cluster`, with all that it does besides (collections without clusters, stability, centroids,
distances, finer clusters). Our inertias are along the principal axes, and compared with those of scikit-learn's own
fits there. The notebook's seconds are measured at some k and interpolated between them, unless --complete.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, cast

import numpy as np
import numpy.typing as npt
import typer
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from benchmarks.extract import processor
from benchmarks.features import Synthetic
from benchmarks.quick import Quick
from worker.engine.clusters.clustering import Clustering, cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.geometry import Geometry, geometry_rows
from worker.engine.clusters.reduction import AXES, along, principal_axes
from worker.engine.clusters.silhouette import distance_silhouettes, squared_silhouettes

LAST = 29  # of the notebook's k
EVERY = 14
Clock = Callable[[], float]
LIMITS = (
    "real features: these have a falling spectrum and planted clusters, as fc2 of photos has, and no more. The "
    "notebook is slower on busy cores, so a loaded machine flatters us."
)
SEED = 20140904
SAMPLE = 20_000  # as IMAGESIEVE_SILHOUETTE_SAMPLE


@dataclass(frozen=True)
class Loop:
    """What the notebook's loops gave at some k: labels and silhouettes (from k = 2), seconds for all k."""

    ks: Sequence[int]
    labels: Sequence[npt.NDArray[np.int32]]
    silhouettes: Sequence[float]
    seconds: float


def run_notebook(rows: npt.NDArray[np.float32], geometry: Geometry, ks: Sequence[int], clock: Clock) -> Loop:
    """The notebook's two loops on rows of the geometry, at these k."""
    labels, silhouettes, fits, scores = [], [], [], []
    for k in ks:
        started = clock()
        KMeans(k, n_init="auto", random_state=SEED).fit(rows)
        fits.append(clock() - started)
        if k > 1:
            started = clock()
            labels.append(KMeans(k, n_init="auto", random_state=SEED).fit_predict(rows))
            silhouettes.append(float(silhouette_score(rows, labels[-1], metric=geometry)))
            scores.append(clock() - started)
    every = np.arange(1, LAST + 1)
    seconds = np.interp(every, ks, fits).sum() + np.interp(every[1:], [k for k in ks if k > 1], scores).sum()
    return Loop(ks, labels, silhouettes, float(seconds))


def silhouette_difference(rows: npt.NDArray[np.float32], geometry: Geometry, loop: Loop) -> float:
    """The largest difference between our mean silhouette and scikit-learn's for the same labels."""
    points = rows - rows.mean(axis=0)
    ours = (squared_silhouettes if geometry == "cosine" else distance_silhouettes)(points, loop.labels)
    return float(np.abs(ours.mean(axis=1) - loop.silhouettes).max())


def inertia_excess(rows: npt.NDArray[np.float32], loop: Loop, ours: Clustering) -> float:
    """How far our inertia is above that of scikit-learn's fits along the same axes where it is farthest, in percent."""
    points = rows - rows.mean(axis=0)
    places = along(points, principal_axes(points, AXES, SEED))
    fits = [KMeans(k, n_init="auto", random_state=SEED).fit(places) for k in loop.ks]
    return max(
        100 * float(ours.choice.inertias[k - 1] / fit.inertia_ - 1) for k, fit in zip(loop.ks, fits, strict=True)
    )


def main(
    sizes: Annotated[str, typer.Option(help="numbers of features, separated by commas")] = "1000,3000,10000",
    geometries: Annotated[str, typer.Option(help="euclidean is the notebook's own")] = "euclidean,cosine",
    complete: Annotated[bool, typer.Option(help="run the notebook's loops at every k: 20 minutes and more")] = False,
    processor_time: Annotated[
        bool, typer.Option("--processor-time", help="for a busy machine: processor seconds, one thread a call for both")
    ] = False,
    quick: Quick = False,
) -> None:
    """Measure both and print a Markdown table."""
    sizes = "60" if quick else sizes
    clock, limit = (time.process_time, 1) if processor_time else (time.perf_counter, None)
    ks = range(1, LAST + 1) if complete else sorted({1, 2, *range(1, LAST + 1, EVERY)})
    how = "at every k" if complete else f"at k = {', '.join(map(str, ks))}, between them interpolated"
    print(
        f"Machine: {processor()}, load {os.getloadavg()[0]:.1f} at the start (other load slows the notebook's OpenMP "
        f"threads more than ours); {'processor' if processor_time else 'wall'} seconds; 4,096 synthetic features, "
        f"seed {SEED}; the notebook was run {how}\n"
    )
    print(
        "| n | distance | notebook, s | imagesieve, s | ratio | inertia above scikit-learn's, worst k "
        "| silhouette, largest difference | k |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for count in map(int, sizes.split(",")):
        features = Synthetic(count, seed=SEED).read(np.arange(count))
        cluster(features[:200], "cosine", Wish(k_max=3), SEED, SAMPLE)  # what is loaded once is loaded now
        for geometry in cast(list[Geometry], geometries.split(",")):
            started = clock()
            ours = cluster(features, geometry, Wish(k_max=30), SEED, SAMPLE)
            seconds = clock() - started
            rows = geometry_rows(features, geometry)
            with threadpool_limits(limit):
                loop = run_notebook(rows, geometry, ks, clock)
            speed = f"{loop.seconds:.1f} | {seconds:.2f} | {loop.seconds / seconds:.0f}"
            exactness = f"{inertia_excess(rows, loop, ours):+.2f} % | {silhouette_difference(rows, geometry, loop):.0e}"
            print(f"| {count:,} | {geometry} | {speed} | {exactness} | {ours.k} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
