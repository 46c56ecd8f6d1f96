"""docs/monitoring.md and the Grafana dashboard name what is exposed, as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.metrics import Metric
from shared.records import DUPLICATE_KINDS
from tests.unit.test_compose import block
from watcher import collection
from watcher import metrics as watcher
from worker.pipeline.judging import metrics as verdicts

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((ROOT / "monitoring/grafana/dashboards/imagesieve.json").read_text())
SERVED = {"watcher": (*watcher.METRICS, *collection.METRICS), "verdict writer": verdicts.METRICS}
METRICS = {metric.name: metric for metrics in SERVED.values() for metric in metrics}
FLOWERS = set(re.findall(r"^\| `(flower_\w+)` \|", PAGE, re.MULTILINE))
OF_A_PROCESS = {"process_resident_memory_bytes"}
WORDS = re.compile(r"\b(?:imagesieve|flower|process|python)_\w+")


def metrics_table() -> str:
    """The table that stands on the page."""
    lines = ["| metric | of the | kind | |", "| --- | --- | --- | --- |"]
    for who, metrics in SERVED.items():
        for metric in metrics:
            label = (
                f"; by `{metric.label}`: {', '.join(f'`{value}`' for value in metric.values)}" if metric.label else ""
            )
            lines.append(f"| `{metric.name}` | {who} | {metric.kind} | {metric.help}{label} |")
    return "\n".join(lines)


def expressions(text: str = PAGE) -> Iterator[str]:
    """Every PromQL expression on the page and on the dashboard."""
    block = re.search(r"```promql\n(.*?)```", text, re.DOTALL)
    assert block
    yield from (line for line in block[1].splitlines() if not line.startswith("#"))
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_every_metric_is_documented_as_it_is() -> None:
    found = re.search(r"<!-- metrics -->\n(.*?)\n<!-- /metrics -->", PAGE, re.DOTALL)
    assert found
    assert found[1] == metrics_table()


@pytest.mark.parametrize("metric", list(METRICS.values()), ids=lambda metric: metric.name)
def test_names_follow_the_convention(metric: Metric) -> None:
    assert re.fullmatch(r"imagesieve_(watcher|verdicts|collection|queue|redis)(_[a-z]+)+", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert metric.kind != "histogram" or (metric.name.endswith("_seconds") and metric.buckets)
    assert bool(metric.label) == bool(metric.values)


@pytest.mark.parametrize("expression", list(expressions()))
def test_an_expression_asks_for_metrics_and_labels_that_are_there(expression: str) -> None:
    found = WORDS.findall(expression)
    assert found or expression.startswith("up{")
    for name in found:
        base = re.sub(r"_(bucket|sum|count)$", "", name) if name not in METRICS else name
        assert base in METRICS.keys() | FLOWERS | OF_A_PROCESS
        if base not in METRICS:
            continue
        assert (METRICS[base].kind == "histogram") == (base != name)
        # Values that are asked for, or left out as in {state!~"failed|unique"}, are among those the label can take.
        for label, values in re.findall(rf'{name}{{(\w+)[=!]~?"([^"]*)"', expression):
            assert label == METRICS[base].label
            assert set(values.split("|")) <= set(METRICS[base].values)


def test_the_dashboard_shows_what_it_is_for_with_titles_and_units() -> None:
    asked = {name for expression in expressions() for name in WORDS.findall(expression)}
    assert {"imagesieve_verdicts_given_total", "imagesieve_queue_messages", "imagesieve_collection_files"} <= asked
    identifiers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"prometheus"}
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(set(cells)) == len(cells), "two panels lie over each other"


def test_the_configuration_names_the_ports_that_the_page_names() -> None:
    config = (ROOT / "monitoring" / "prometheus.yml").read_text()
    assert re.findall(r'targets: \["(.*)"\]', config) == ["watcher:5556", "verdicts:5557", "flower:5555"]
    # Looked up as names they would be two lines in the log every ten seconds for a service that is off.
    assert "_sd_configs" not in config
    assert "networks: {inside: {aliases: [verdicts]}}" in block("verdicts-move", indent=2)
    assert "IMAGESIEVE_METRICS_PORT=5556\n" in PAGE
    source = (ROOT / "monitoring/grafana/provisioning/datasources/prometheus.yml").read_text()
    assert "uid: prometheus " in source
    assert "url: http://prometheus:9090\n" in source


def test_every_state_but_the_kinds_of_duplicates_is_left_out_of_the_duplicates() -> None:
    [panel] = [panel for panel in DASHBOARD["panels"] if panel["title"] == "Duplicates"]
    found = re.search(r'state!~"([a-z|]+)"', panel["targets"][0]["expr"])
    assert found
    assert set(found[1].split("|")) == {str(state) for state in collection.STATES} - set(map(str, DUPLICATE_KINDS))
