"""A recluster run names its clusters by what was published with the extractor, or says why it does not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.records.layers import Layer
from tests.unit.test_recluster import EXTRACTOR, Desk, fill
from worker.engine.clusters.classes import Classes
from worker.network.classes import NoClasses, encode_classes, imagenet_words
from worker.pipeline.reclustering import arrangement
from worker.pipeline.reclustering.recluster import recluster

pytestmark = pytest.mark.usefixtures("drawn_once")

SEEN = {0: 388, 1: 970, 2: 978}  # of each family of pictures, the class that the planted layer sees in it


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def planted(dimensions: int = 4096) -> Classes:
    kernel = np.zeros((dimensions, 1000), np.float32)
    for family, index in SEEN.items():
        kernel[100 * family : 100 * family + 50, index] = 0.05
    return Classes(kernel, np.zeros(1000, np.float32), imagenet_words())


def run(desk: Desk) -> tuple[dict[str, Any], str, str]:
    """summary.json, summary.txt and the page."""
    assert recluster(desk.reclustering, force=True)["outcome"] == "published"
    latest = desk.reclustering.reports / "latest"
    texts = [(latest / name).read_text() for name in ("summary.json", "summary.txt", "report.html")]
    return json.loads(texts[0]), texts[1], texts[2]


def test_each_cluster_is_called_what_the_network_sees_in_it_everywhere(desk: Desk) -> None:
    fill(desk)
    desk.store.publish_extractor(EXTRACTOR, encode_classes(planted()))
    summary, text, page = run(desk)
    words = imagenet_words()
    for family, index in SEEN.items():
        number = int(desk.clusters()[f"f{family}-0.png"])
        assert summary["clusters"][number]["name"] == words[index]
        assert f"Cluster_{number}: {words[index]}, 6 images\n" in text
        assert f"Cluster {number}: {words[index]}</h3>" in page
        assert {
            row["cluster_name"] for row in desk.rows("assignments.csv") if row["path"].startswith(f"f{family}")
        } == {words[index]}
    assert summary["unnamed"] == ""
    assert "they are guesses" in " ".join(text.split())
    assert {"names", "map"} <= summary["seconds"].keys()


@pytest.mark.parametrize(
    ("published", "why"),
    [
        (b"", "no feature worker has published what its network's classes are; start it again"),
        (encode_classes(NoClasses("random weights have learnt no classes")), "random weights have learnt no classes"),
        (encode_classes(planted(512)), "the network's last layer takes 512 features, not 4,096"),
    ],
)
def test_without_a_layer_there_are_no_names_and_a_word_why(desk: Desk, published: bytes, why: str) -> None:
    fill(desk)
    desk.store.publish_extractor(EXTRACTOR, published)
    summary, text, page = run(desk)
    assert summary["unnamed"] == why
    assert {cluster["name"] for cluster in summary["clusters"]} == {""}
    assert f"Clusters have no names: {why}." in " ".join(text.split())
    assert f"Clusters have no names: {why}.".replace("'", "&#39;") in page
    assert {row["cluster_name"] for row in desk.rows("assignments.csv")} == {""}


def test_a_layer_that_sees_the_same_in_all_names_none(desk: Desk) -> None:
    fill(desk)
    bias = np.zeros(1000, np.float32)
    bias[7] = 90
    classes = Classes(np.zeros((4096, 1000), np.float32), bias, imagenet_words())
    desk.store.publish_extractor(EXTRACTOR, encode_classes(classes))
    summary, text, _ = run(desk)
    assert summary["unnamed"] == ""
    assert "Clusters have no names: the network sees nothing in any of them that it does not see in all." in " ".join(
        text.split()
    )


def test_features_that_are_dropped_meanwhile_cost_names_and_map_and_no_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk)
    desk.store.publish_extractor(EXTRACTOR, encode_classes(planted()))
    divide = arrangement.cluster

    def then_drop(*given: Any) -> Any:
        found = divide(*given)
        desk.store.drop_images("e1", [f"{0:032x}{0:032x}"])
        return found

    monkeypatch.setattr(arrangement, "cluster", then_drop)
    summary, _, page = run(desk)
    assert summary["unnamed"].startswith("features were dropped")
    assert "laid out by t-SNE" not in page
    assert len(summary["clusters"]) == 3


def test_the_page_lists_the_layers_of_the_network(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    fill(desk)
    layers = (Layer("pictures", "InputLayer", (8, 8, 3)), Layer("conv", "Conv2D", (8, 8, 4), (3, 3, 3, 4)))
    desk.reclustering = type(desk.reclustering)(**{**vars(desk.reclustering), "layers": layers})
    _, _, page = run(desk)
    assert "The network, layer by layer: 112 parameters" in page
    assert '<th scope="row">conv</th><td>Conv2D</td><td>8 × 8 × 4</td><td>112</td>' in page


def test_an_empty_collection_has_nothing_to_name(desk: Desk) -> None:
    summary, text, _ = run(desk)
    assert summary["clusters"] == []
    assert "no names" not in text
