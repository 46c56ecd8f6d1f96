"""The figures of a page, each for light and for dark, with the words that go with it."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.neighbourhood import Neighbourhood
from worker.engine.clusters.selection import ChosenK
from worker.engine.report.model import Report
from worker.engine.report.plots import cluster_silhouettes, elbow_png, silhouette_png, spread_png
from worker.engine.report.scatter import map_png, neighbours_png
from worker.engine.report.theme import DARK, LIGHT, Theme
from worker.engine.report.timeline import timeline_png
from worker.engine.report.wording import decimal, number_of


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture on the page. alt: what it shows, for those who cannot see it. caption: how to read it. PNG files."""

    alt: str
    caption: str
    light: bytes
    dark: bytes

    @property
    def light_uri(self) -> str:
        """For the page, which is one file."""
        return _data_uri(self.light)

    @property
    def dark_uri(self) -> str:
        """For the page, where the reader prefers dark colours."""
        return _data_uri(self.dark)


def figures_of_choice(report: Report) -> list[Figure]:
    """How k was chosen, by the elbow and by the silhouette, and what came of it. A tenth of a second each."""
    clustering, choice = report.clustering, report.clustering.choice
    figures = [
        _figure(
            partial(elbow_png, choice),
            _tell_elbow(choice),
            "Inertia: the sum of squared distances to the centres. It always falls; its elbow is where more clusters "
            "stop paying.",
        ),
        _figure(
            partial(silhouette_png, choice),
            _tell_silhouettes(choice),
            "How much nearer images are to their own cluster than to the next: 1 is far apart, 0 on the border. "
            "The dashed line is what images without any clusters would reach at the chosen k.",
        ),
    ]
    if clustering.k:
        sentence = describe_map(clustering)
        alt = f"Map of the collection, coloured by {number_of(clustering.k, 'cluster')}"
        figures.append(_figure(partial(map_png, clustering), alt, sentence))
        figures += [figure_of_neighbours(clustering, report.neighbourhood)] if report.neighbourhood else []
    if cluster_silhouettes(clustering):
        sentence = describe_spread(clustering)
        figures.append(_figure(partial(spread_png, clustering), f"Silhouettes per cluster. {sentence}", sentence))
    return figures


def figure_of_neighbours(clustering: Clustering, neighbourhood: Neighbourhood) -> Figure:
    """The map on which images lie beside those like them."""
    shown, n = number_of(len(neighbourhood.at), "mark"), len(clustering.labels)
    sampled = f", a sample of {n:,} images" if len(neighbourhood.at) < n else ""
    caption = (
        f"{shown}{sampled}, laid out by t-SNE from where the map of two components has them: what is side by side here "
        "looks alike. How large a heap is, and how far from the others, says little."
    )
    alt = f"Map of neighbours, coloured by {number_of(clustering.k, 'cluster')}"
    return _figure(partial(neighbours_png, clustering, neighbourhood), alt, caption)


def figure_of_history(report: Report) -> Figure | None:
    """Images, duplicates and k over the generations; nothing before the second one."""
    history = report.history
    if len(history) < 2:
        return None
    first, last = history[0], history[-1]
    alt = (
        f"{number_of(len(history), 'generation')}: from {number_of(first.images, 'image')}, {first.duplicates:,} "
        f"duplicates, {number_of(first.k, 'cluster')} to {number_of(last.images, 'image')}, {last.duplicates:,} "
        f"duplicates, {number_of(last.k, 'cluster')}"
    )
    return _figure(partial(timeline_png, history), alt, "")


def describe_spread(clustering: Clustering) -> str:
    """What the silhouettes within the clusters mean. There are some."""
    bands = cluster_silhouettes(clustering)
    means = {number: float(values.mean(dtype=np.float64)) for number, values in bands.items()}
    best, worst = max(means, key=lambda number: means[number]), min(means, key=lambda number: means[number])
    astray = float(np.mean(np.concatenate(list(bands.values())) < 0))
    share = "No image lies" if not astray else f"{_percent(astray)} of the images lie"
    return (
        f"{share} nearer to another cluster than to {'its' if not astray else 'their'} own, left of 0. Cluster {best} "
        f"holds together best (mean {decimal(means[best])}), cluster {worst} least ({decimal(means[worst])})."
    )


def describe_map(clustering: Clustering) -> str:
    """How to read the map. There is at least one picture."""
    plane, n = clustering.plane, len(clustering.labels)
    marks = number_of(len(plane.at), "mark")
    sampled = f", a sample of {n:,} images," if len(plane.at) < n else ", one per image (the same bytes count once),"
    return (
        f"{marks}{sampled} in the plane that shows most of their spread, {_percent(plane.share)} of it. What is near "
        "each other here may still be far apart in the other dimensions; numbers are those of clusters."
    )


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def _tell_elbow(choice: ChosenK) -> str:
    elbow = "no elbow" if choice.elbow is None else f"the elbow at k = {choice.elbow}"
    return f"Curve of the inertia over k from 1 to {len(choice.inertias)}, with {elbow} and the chosen k = {choice.k}"


def _tell_silhouettes(choice: ChosenK) -> str:
    if choice.best is None:
        return "No silhouettes: too few different images"
    best = choice.silhouettes[choice.best - 1]
    return f"Curve of the mean silhouette over k, highest at k = {choice.best} with {best:.2f}; chosen: k = {choice.k}"


def _figure(draw: Callable[[Theme], bytes], alt: str, caption: str) -> Figure:
    return Figure(alt, caption, draw(LIGHT), draw(DARK))


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"
