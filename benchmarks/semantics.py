"""How well clusters are what people would put together. `python -m benchmarks.semantics FOLDER [--weights FILE]`.

FOLDER holds pictures with labels: the subfolder that each lies in or, where all lie in one, the letters that its name
begins with (`forest_0042.jpg` is a forest). Each different file is described once, as a feature worker does it, and
clustered as a recluster run does it. Beside it stands the notebook's way on the same features: KMeans on the raw fc2
values, with the k of the largest silhouette. Both are shown at the k that they choose and at the number of labels.

NMI and ARI compare the clusters with the labels (1: the same partition, 0: as good as by chance for ARI); purity is the
share of pictures that have the most frequent label of their cluster, and grows with k.
"""

import re
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import numpy.typing as npt
import typer
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from tabulate import tabulate

from benchmarks.network import BATCH, load_network
from benchmarks.pictures import photos_in
from benchmarks.quick import Quick
from benchmarks.recluster import LAST, SAMPLE, SEED
from worker.engine.clusters.clustering import ANY_K, cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.geometry import Geometry
from worker.engine.picture.bars import without_bars
from worker.engine.picture.decode import decode_reduced, shrink
from worker.network.port import Network
from worker.network.weights import BACKBONE

Labels = npt.NDArray[np.int32]
MAX_PIXELS = 100_000_000
HEAD = ("clusters", "k", "clarity", "NMI", "ARI", "purity")


def label_of(path: Path, folder: Path) -> str:
    """What people call a picture: its subfolder, else the letters that its name begins with; "" for neither."""
    inner = path.relative_to(folder).parent.as_posix()
    found = re.match(r"[^\W\d_]+", path.stem)
    return inner if inner != "." else found.group().lower() if found else ""


def describe(paths: Sequence[Path], network: Network) -> npt.NDArray[np.float32]:
    """Features `[n, 4096]` of these files, as a feature worker computes them."""
    rows = []
    for start in range(0, len(paths), BATCH):
        pictures = [decode_reduced(path.read_bytes(), MAX_PIXELS).picture for path in paths[start : start + BATCH]]
        rows.append(network.extract(np.stack([shrink(without_bars(one), BACKBONE.side) for one in pictures])))
    return np.concatenate(rows)


def purity(labels: Labels, truth: Labels) -> float:
    """Share of pictures with the most frequent label of their cluster."""
    counts = np.zeros((labels.max() + 1, truth.max() + 1), dtype=int)
    np.add.at(counts, (labels, truth), 1)
    return float(counts.max(axis=1).sum() / len(labels))


def row_of(name: str, labels: Labels, truth: Labels, clarity: str = "") -> list[Any]:
    """A row under HEAD."""
    scores = (
        normalized_mutual_info_score(truth, labels),
        adjusted_rand_score(truth, labels),
        purity(labels, truth),
    )
    return [name, len(np.unique(labels)), clarity, *(f"{score:.2f}" for score in scores)]


def ours(features: npt.NDArray[np.float32], geometry: Geometry, truth: Labels) -> list[list[Any]]:
    """What a recluster run answers, and its partition at the number of labels."""
    found = cluster(features, geometry, ANY_K, SEED, SAMPLE)
    asked = cluster(features, geometry, Wish(k=int(truth.max()) + 1), SEED, SAMPLE)
    return [
        row_of("imagesieve", found.labels, truth, str(found.choice.trust)),
        row_of("imagesieve at the true k", asked.labels, truth),
    ]


def notebook(features: npt.NDArray[np.float32], truth: Labels) -> list[list[Any]]:
    """The notebook's way: KMeans on the values as they are, k where the silhouette is largest."""
    most = min(LAST, len(features) - 1)
    labelings = {
        k: KMeans(k, n_init="auto", random_state=SEED).fit_predict(features)
        for k in {*range(2, most + 1), int(truth.max()) + 1}
    }
    best = max(range(2, most + 1), key=lambda k: silhouette_score(features, labelings[k]))
    return [
        row_of("the notebook's way", labelings[best], truth),
        row_of("the notebook's way at the true k", labelings[int(truth.max()) + 1], truth),
    ]


def main(
    folder: Annotated[Path, typer.Argument(help="Pictures in a subfolder per label, or with labels in their names.")],
    weights: Annotated[str, typer.Option(help="As IMAGESIEVE_WEIGHTS: a path, imagenet, auto or random.")] = "auto",
    geometry: Annotated[str, typer.Option(help="As IMAGESIEVE_GEOMETRY.")] = "cosine",
    quick: Quick = False,
) -> None:
    """Print how the clusters agree with the labels."""
    cv2.setNumThreads(1)
    different = {sha256(path.read_bytes()).hexdigest(): path for path in reversed(photos_in(folder))}
    paths = [path for _, path in sorted(different.items())]  # in the order of a recluster run
    names, truth = np.unique([label_of(path, folder) for path in paths], return_inverse=True)
    if not 1 < len(names) < len(paths) or "" in names:
        raise typer.BadParameter(f"{folder} needs two labels or more, each of several pictures, and no picture without")
    started = time.perf_counter()
    features = describe(paths, load_network(weights, stub=quick))
    described = time.perf_counter() - started
    labels: Labels = truth.astype(np.int32)
    rows = [*ours(features, "euclidean" if geometry == "euclidean" else "cosine", labels), *notebook(features, labels)]
    typer.echo(f"{len(paths)} pictures, {len(names)} labels ({', '.join(names)}); described in {described:.0f} s\n")
    typer.echo(tabulate(rows, HEAD, tablefmt="github"))


if __name__ == "__main__":
    typer.run(main)
