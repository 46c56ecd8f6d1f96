"""Maps of the collection, coloured by cluster: its pictures in their principal plane, and beside those like them."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects

from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.neighbourhood import Neighbourhood
from worker.engine.clusters.partitions import Points
from worker.engine.report.theme import LIGHT, SMALL, Theme, colour_of, new_figure, png, say, shape_of, style_axes

TALL: Final = 3.9  # inches
FEW_MARKS: Final = 5  # marks of a cluster, which its number would hide
APART: Final = 0.055  # share of the map's width between two numbers, which would lie on each other otherwise


def map_png(clustering: Clustering, theme: Theme = LIGHT) -> bytes:
    """A mark per picture where the plane of the principal components has it, and the numbers of the clusters."""
    plane = clustering.plane
    title = "Map: images by their two principal components"
    return _draw(title, plane.positions, clustering.labels[plane.at], theme)


def neighbours_png(clustering: Clustering, neighbourhood: Neighbourhood, theme: Theme = LIGHT) -> bytes:
    """The same where neighbours lie side by side."""
    labels = clustering.labels[neighbourhood.at]
    return _draw("Neighbours: images beside those like them", neighbourhood.positions, labels, theme)


def _draw(title: str, positions: Points, labels: npt.NDArray[np.int32], theme: Theme) -> bytes:
    """A mark per picture, the number of its cluster in the middle of each."""
    figure = new_figure(theme, TALL, left=0.2, bottom=0.2)
    axes = figure.add_subplot()
    style_axes(axes, theme, title)
    if not len(labels):
        say(axes, "There are no images to map.", theme)
        return png(figure, theme)
    wide = 26 if len(labels) < 300 else 13 if len(labels) < 1000 else 7
    # In the order of the sample, which is by digest, no cluster hides another; a call per cluster would draw the last
    # one over all others.
    for shape in sorted({shape_of(number) for number in labels.tolist()}):
        own = [index for index, number in enumerate(labels.tolist()) if shape_of(number) == shape]
        axes.scatter(
            positions[own, 0],
            positions[own, 1],
            s=wide,
            c=[colour_of(labels[index]) for index in own],
            marker=shape,
            alpha=0.8,
            linewidths=0.4,
            edgecolors=theme.surface,
        )
    if len(np.unique(labels)) > 1:
        _number(axes, positions, labels, theme)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.margins(0.05)
    return png(figure, theme)


def _number(axes: Any, positions: npt.NDArray[np.float32], labels: npt.NDArray[np.int32], theme: Theme) -> None:
    """The number of each cluster at its median, larger clusters first; none where another one stands already."""
    spans = np.maximum(np.ptp(positions, axis=0), 1e-12)
    taken: list[npt.NDArray[np.float32]] = []
    numbers, sizes = np.unique(labels, return_counts=True)
    for number in numbers[np.argsort(-sizes, kind="stable")].tolist():
        middle = np.median(positions[labels == number], axis=0)
        if any(np.hypot(*((middle - other) / spans)) < APART for other in taken):
            continue
        taken.append(middle)
        few = sizes[numbers == number] <= FEW_MARKS
        text = axes.annotate(
            str(number),
            middle,
            (5, 0) if few else (0, 0),
            textcoords="offset points",
            ha="left" if few else "center",
            va="center",
            color=theme.ink,
            fontsize=SMALL + 0.5,
            fontweight="bold",
        )
        text.set_path_effects([patheffects.withStroke(linewidth=2.6, foreground=theme.surface)])
