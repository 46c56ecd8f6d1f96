"""The figures: curves, silhouettes per cluster, the map, the history; and the words beside them."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from shared.records.history import Snapshot
from tests.unit.report_parts import make_report, member, unquestioned
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.neighbourhood import Neighbourhood
from worker.engine.clusters.reduction import Plane
from worker.engine.clusters.selection import choose
from worker.engine.report.figures import (
    describe_map,
    describe_spread,
    figure_of_history,
    figure_of_neighbours,
    figures_of_choice,
)
from worker.engine.report.plots import QUANTILES, cluster_silhouettes, elbow_png, silhouette_png, spread_png
from worker.engine.report.scatter import map_png, neighbours_png
from worker.engine.report.theme import COLOURS, DARK, LIGHT, SHAPES, colour_of, shape_of
from worker.engine.report.timeline import timeline_png


def size_of(picture):
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image.size


@pytest.mark.parametrize("draw", [elbow_png, silhouette_png])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_curves_are_drawn_for_any_number_of_points(draw, count):
    choice = make_report([member(f"{index}", index) for index in range(count)]).clustering.choice
    assert size_of(draw(choice)) == size_of(draw(choice, DARK))
    assert draw(choice, LIGHT) != draw(choice, DARK)
    assert draw(choice) == draw(choice)


@pytest.mark.parametrize("draw", [elbow_png, silhouette_png])
def test_the_chosen_k_is_marked(draw):
    choice = make_report([member(f"{index}", index) for index in range(20)]).clustering.choice
    assert draw(replace(choice, k=3)) != draw(choice)
    assert draw(replace(choice, k=1)) != draw(choice)


def test_drawing_leaves_no_figure_behind():
    # In a process of its own: other libraries may have imported pyplot here.
    code = (
        "import sys; from worker.engine.report.plots import elbow_png;"
        "from worker.engine.clusters.selection import choose; from tests.unit.report_parts import unquestioned;"
        "elbow_png(choose([3.0, 2.0, 1.9], [None, 0.5, 0.1], unquestioned()));"
        "plt = sys.modules.get('matplotlib.pyplot');"
        "assert plt is None or plt.get_fignums() == []"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def clustering_of(count, **meta):
    return make_report([member(f"{index}", index) for index in range(count)], **meta).clustering


def made_up(silhouettes, labels, k):
    """A clustering of which only labels, silhouettes and map count."""
    labels = np.array(labels, dtype=np.int32)
    positions = np.random.default_rng(0).random((len(labels), 2), dtype=np.float32)
    return Clustering(
        geometry="cosine",
        choice=choose([2.0, 1.0], [None, 0.5], unquestioned()),
        labels=labels,
        numbers=np.arange(k, dtype=np.int32),
        centroids=np.zeros((k, 2), dtype=np.float32),
        distances=np.zeros(len(labels), dtype=np.float32),
        silhouettes=np.array(silhouettes, dtype=np.float32),
        sample=len(labels),
        margin=None,
        subclusters=np.full(len(labels), -1, dtype=np.int32),
        subdistances=np.full(len(labels), np.nan, dtype=np.float32),
        plane=Plane(np.arange(len(labels)), positions, 0.5),
    )


@pytest.mark.parametrize("draw", [spread_png, map_png])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 20])
def test_clusters_are_drawn_whatever_there_is_of_them(draw, count):
    clustering = clustering_of(count)
    assert size_of(draw(clustering)) == size_of(draw(clustering, DARK))
    assert draw(clustering, LIGHT) != draw(clustering, DARK)
    assert draw(clustering) == draw(clustering)


def test_a_hundred_thousand_images_are_drawn_as_quickly_and_small():
    chance = np.random.default_rng(0)
    labels = np.sort(chance.integers(0, 30, 100_000))
    clustering = made_up(chance.normal(0.3, 0.2, len(labels)), labels, 30)
    assert QUANTILES < 1000
    assert len(spread_png(clustering)) < 300_000


def test_the_silhouettes_of_a_cluster_are_drawn_in_order():
    one = made_up([0.9, 0.1, 0.5, -0.2, 0.3], [0, 0, 0, 1, 1], 2)
    other = made_up([0.1, 0.5, 0.9, 0.3, -0.2], [0, 0, 0, 1, 1], 2)
    assert spread_png(one) == spread_png(other)
    assert spread_png(one) != spread_png(made_up([0.9, 0.1, 0.5, 0.2, 0.3], [0, 0, 0, 1, 1], 2))


def test_pictures_outside_the_sample_have_no_silhouette_to_draw():
    bands = cluster_silhouettes(made_up([0.5, float("nan"), float("nan")], [0, 0, 1], 2))
    assert {number: values.tolist() for number, values in bands.items()} == {0: [0.5]}


def test_what_the_silhouettes_mean_is_said_in_a_sentence():
    sentence = describe_spread(made_up([0.75, 0.25, -0.5, -0.25, 0.0], [0, 0, 0, 1, 1], 2))
    assert sentence == (
        "40 % of the images lie nearer to another cluster than to their own, left of 0. "
        "Cluster 0 holds together best (mean 0.17), cluster 1 least (−0.12)."
    )
    assert describe_spread(made_up([0.5, 0.25], [0, 1], 2)).startswith("No image lies nearer to another cluster than")


def test_the_map_says_how_much_of_the_whole_it_shows():
    assert describe_map(made_up([0.5] * 4, [0, 0, 1, 1], 2)).startswith(
        "4 marks, one per image (the same bytes count once), in the plane that shows most of their spread, 50 % of it."
    )
    sampled = replace(made_up([0.5] * 4, [0, 0, 1, 1], 2), plane=Plane(np.array([1, 3]), np.zeros((2, 2), "f4"), 0.001))
    assert describe_map(sampled).startswith("2 marks, a sample of 4 images, in the plane")
    assert "under 1 % of it" in describe_map(sampled)


def test_the_map_tells_clusters_apart():
    two = made_up([0.5] * 4, [0, 0, 1, 1], 2)
    assert map_png(two) != map_png(replace(two, labels=np.array([0, 1, 0, 1], dtype=np.int32)))
    every = range(len(COLOURS) * len(SHAPES))
    assert len({(colour_of(number), shape_of(number)) for number in every}) == len(every)


def test_clusters_and_figures_are_only_spoken_of_where_there_are_some():
    assert len(figures_of_choice(make_report([]))) == 2
    assert len(figures_of_choice(make_report([member("a", 0)]))) == 3  # no silhouettes in one cluster
    assert len(figures_of_choice(make_report([member(f"{index}", index) for index in range(20)]))) == 4


def test_the_map_of_neighbours_stands_beside_the_other():
    report = make_report([member(f"{index}", index) for index in range(20)])
    laid_out = Neighbourhood(np.arange(5), np.random.default_rng(0).random((5, 2), dtype=np.float32))
    figures = figures_of_choice(replace(report, neighbourhood=laid_out))
    assert [figure.alt.split(",")[0] for figure in figures[2:4]] == ["Map of the collection", "Map of neighbours"]
    assert figures[3].caption.startswith("5 marks, a sample of 20 images, laid out by t-SNE")
    whole = replace(laid_out, at=np.arange(20), positions=np.zeros((20, 2), np.float32))
    assert figure_of_neighbours(report.clustering, whole).caption.startswith("20 marks, laid out")
    elsewhere = replace(laid_out, positions=laid_out.positions[:, ::-1])
    assert neighbours_png(report.clustering, laid_out) != neighbours_png(report.clustering, elsewhere)
    nobody = Neighbourhood(np.arange(0), np.zeros((0, 2), np.float32))
    assert size_of(neighbours_png(report.clustering, nobody)) == size_of(map_png(report.clustering))


def past(number, created="2026-11-22T04:15:00+00:00"):
    return Snapshot(f"g{number}", created, 10 * number, number, 3, 0, 1000, 100)


def test_the_history_is_drawn_from_the_second_generation_on():
    assert figure_of_history(make_report([member("a", 0)])) is None
    figure = figure_of_history(make_report([member("a", 0)], history=(past(1), past(2))))
    assert figure.alt == ("3 generations: from 10 images, 1 duplicates, 3 clusters to 1 image, 0 duplicates, 1 cluster")
    assert figure.light != figure.dark


@pytest.mark.parametrize("count", [2, 500])
def test_any_history_is_drawn(count):
    history = [past(number, f"2026-11-{1 + number % 28:02d}T04:15:00+00:00") for number in range(count)]
    assert timeline_png(history) == timeline_png(history) != timeline_png([*history[:-1], past(7777)])
    assert timeline_png([past(1), past(1)])  # at one moment
