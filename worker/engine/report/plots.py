"""The figures by which k is judged: elbow, silhouette over k, and the silhouettes within each cluster."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import EngFormatter, MaxNLocator

from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.selection import ChosenK
from worker.engine.report.theme import LIGHT, SMALL, Theme, colour_of, legend_above, new_figure, png, say, style_axes

QUANTILES: Final = 400  # at most; that many of them stand for a cluster's silhouettes, however many these are
TALL: Final = 3.9  # inches
SHORTENED: Final = 10_000  # from here on numbers are too wide for the margin
LABEL_GAP: Final = 0.038  # share of the height between two clusters' numbers, which would run into each other otherwise


def elbow_png(choice: ChosenK, theme: Theme = LIGHT) -> bytes:
    """Inertia over k, with the elbow and the chosen k marked."""
    figure = new_figure(theme)
    axes = _axes(figure, "Elbow: inertia over k", theme)
    if max(choice.inertias, default=0) >= SHORTENED:
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))  # 120k
    ks = range(1, len(choice.inertias) + 1)
    _curve(axes, ks, choice.inertias, theme, "There are no images to divide.")
    if choice.elbow is not None:
        _ring(axes, choice.elbow, choice.inertias[choice.elbow - 1], f"elbow, k = {choice.elbow}", theme)
    if choice.k:
        _mark(axes, choice.k, choice.inertias[choice.k - 1], theme)
    _finish(axes, theme, len(ks))
    return png(figure, theme)


def silhouette_png(choice: ChosenK, theme: Theme = LIGHT) -> bytes:
    """Mean silhouette over k, with the chosen k, and what a collection without clusters reaches."""
    figure = new_figure(theme)
    axes = _axes(figure, "Silhouette: mean over k", theme)
    known = [(k, value) for k, value in enumerate(choice.silhouettes, start=1) if value is not None]
    ks, values = [k for k, _ in known], [value for _, value in known]
    _curve(axes, ks, values, theme, "Too few different images for a silhouette.")
    if choice.best is not None and choice.best != choice.k:
        _ring(axes, choice.best, values[ks.index(choice.best)], f"highest, k = {choice.best}", theme)
    if choice.reference is not None:
        axes.axhline(choice.reference, color=theme.ink, lw=1, ls=(0, (4, 3)), alpha=0.7, label="without any clusters")
    if choice.silhouette is not None:
        _mark(axes, choice.k, choice.silhouette, theme)
    _finish(axes, theme, len(choice.silhouettes))
    return png(figure, theme)


def spread_png(clustering: Clustering, theme: Theme = LIGHT) -> bytes:
    """The silhouettes of every picture, sorted within its cluster (Rousseeuw 1987); the mean is marked."""
    figure = new_figure(theme, TALL, left=0.6)
    axes = figure.add_subplot()
    style_axes(axes, theme, "Silhouettes within each cluster", "silhouette of an image", "cluster")
    bands = cluster_silhouettes(clustering)
    total = sum(map(len, bands.values()))
    if not total:
        say(axes, "One cluster has no silhouettes.", theme)
        return png(figure, theme)
    gap, top, middles = 0.012 * total, 0.0, dict[int, float]()
    for number, values in bands.items():
        heights = np.linspace(top, top + len(values), min(len(values), QUANTILES) + 1)
        steps = np.quantile(values, np.linspace(1, 0, len(heights) - 1)) if len(values) > 1 else values
        axes.fill_betweenx(heights, 0, np.append(steps, steps[-1]), step="post", color=colour_of(number), lw=0)
        middles[number] = top + len(values) / 2
        top += len(values) + gap
    mean = float(np.mean(np.concatenate(list(bands.values())), dtype=np.float64))
    axes.axvline(mean, color=theme.ink, lw=1, ls=(0, (4, 3)), label=f"mean, {mean:.2f}")
    axes.axvline(0, color=theme.faint, lw=0.8)
    numbered = _apart(middles, LABEL_GAP * top)
    axes.set_yticks([middles[number] for number in numbered], [str(number) for number in numbered])
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color=theme.faint, lw=0.8)
    axes.set_ylim(top, -gap)
    axes.margins(x=0.08)
    legend_above(axes, theme)
    return png(figure, theme)


def cluster_silhouettes(clustering: Clustering) -> dict[int, npt.NDArray[np.float32]]:
    """The known silhouettes of each cluster's pictures, by its number; nothing where there are none."""
    if clustering.silhouettes is None:
        return {}
    known = ~np.isnan(clustering.silhouettes)
    values, labels = clustering.silhouettes[known], clustering.labels[known]
    bands = {number: values[labels == number] for number in clustering.numbers.tolist()}
    return {number: band for number, band in bands.items() if len(band)}


def _apart(middles: dict[int, float], least: float) -> list[int]:
    """The clusters, from the first on, that are far enough below the last one taken."""
    taken: list[int] = []
    for number, middle in middles.items():
        if not taken or middle - middles[taken[-1]] >= least:
            taken.append(number)
    return taken


def _axes(figure: Any, title: str, theme: Theme) -> Any:
    axes = figure.add_subplot()
    style_axes(axes, theme, title, "clusters, k")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return axes


def _curve(axes: Any, ks: Sequence[int], values: Sequence[float], theme: Theme, empty: str) -> None:
    if ks:
        axes.plot(ks, values, color=theme.line, lw=2, marker="o", ms=4)
    else:
        say(axes, empty, theme)


def _ring(axes: Any, k: int, height: float, label: str, theme: Theme) -> None:
    axes.plot(k, height, "o", ms=11, mfc="none", mec=theme.ink, mew=1.6, label=label)


def _mark(axes: Any, k: int, height: float, theme: Theme) -> None:
    axes.axvline(k, color=theme.chosen, lw=1.2, alpha=0.6)
    axes.plot(k, height, "o", ms=8, color=theme.chosen, label=f"chosen, k = {k}")


def _finish(axes: Any, theme: Theme, k_max: int) -> None:
    if k_max:
        axes.set_xlim(0.5, k_max + 0.5)
    _legend(axes, theme)


def _legend(axes: Any, theme: Theme) -> None:
    if axes.get_legend_handles_labels()[1]:
        ground = {"facecolor": theme.surface, "edgecolor": "none", "framealpha": 0.85}
        axes.legend(labelcolor=theme.ink, fontsize=SMALL, **ground)
