"""What the tables of each benchmark's quick run say, if it does what it is for."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.__main__ import tables

Rows = list[dict[str, str]]


def by(rows: Rows, head: str) -> dict[str, dict[str, str]]:
    """The rows by what stands in a column, which is different in each."""
    found = {row[head]: row for row in rows}
    assert len(found) == len(rows)
    return found


def number(cell: str) -> float:
    return float(cell.replace(",", "").removesuffix("%"))


def column(rows: Rows, head: str) -> list[float]:
    return [number(row[head]) for row in rows]


def holds_the_stack(names: set[str]) -> bool:
    return {"watcher", "feature worker, child", "verdict worker, child", "recluster worker", "Flower", "Redis"} <= names


def check_burst(text: str) -> None:
    arrival, order, memory = tables(text)
    came = by(arrival, "what came of it")
    assert came["verdicts"][""] == "90 exact, 10 unique"
    assert came["processes that were replaced"][""] == "none"
    assert number(came["messages to the feature workers"][""]) >= 1
    assert number(came["all on record and in a message, s"][""]) > 0
    assert [row["files by which a verdict came later or earlier than its place"] for row in order] == [
        "in the watcher's messages",
        "among the copies",
    ]
    assert all(0 <= most < 100 for most in column(order, "most"))
    assert holds_the_stack({row["resident, MiB"] for row in memory})
    assert all(number(row["most"]) >= number(row["before"]) for row in memory)


def check_cache(text: str) -> None:
    [rows] = tables(text)
    rates = {row["files to verdicts"]: number(row["files/s"]) for row in rows}
    assert rates["known"] > rates["new, the model's start included"] > 0


def check_decode(text: str) -> None:
    [rows] = tables(text)
    assert [row["photo"] for row in rows] == ["2048 x 1536", "2501 x 1876"]
    assert {row["scale"] for row in rows} == {"1/2"}
    assert all(0.99 < cosine <= 1 for cosine in column(rows, "cosine, least"))
    assert min(column(rows, "in full, ms")) > 0
    assert all(number(row["all but the network, ms"]) > number(row["reduced, ms"]) for row in rows)


def check_formats(text: str) -> None:
    [rows] = tables(text)
    costs = {row["format"]: number(row["all but the network, ms"]) for row in rows}
    assert {"JPEG", "HEIC", "JPEG XL", "AVIF", "PNG"} <= costs.keys()
    assert all(number(row["cores for 1000 images/s"]) == costs[row["format"]] for row in rows)
    assert all(number(row["decode, ms/MP"]) > 0 for row in rows)


def check_extract(text: str) -> None:
    [rows] = tables(text)
    assert [row["files to features"] for row in rows] == [
        "notebook's loop, one `predict` per image",
        "imagesieve, features in Redis",
        "the bare forward pass, by Keras",
        "bound: the bare forward pass, by imagesieve",
    ]
    assert min(column(rows, "images/s")) > 0
    assert (rows[0]["of the loop"], rows[3]["of the bound"]) == ("1.00", "1.00")
    [cosine] = re.findall(r"a cosine of at least ([\d.]+) to ", text)
    assert float(cosine) > 0.999


def check_keypoints(text: str) -> None:
    [rows] = tables(text)
    assert column(rows, "keypoints") == [64, 192]
    assert all(0.5 < number(row["recall"]) <= 1 for row in rows)
    assert all(number(row["worst"]) <= number(row["recall"]) for row in rows)
    few, many = column(rows, "bytes")
    assert 32 * 64 < few < many


def check_check(text: str) -> None:
    asked, [command] = tables(text)
    verdicts = {row["asked about"]: row["verdicts"] for row in asked}
    assert verdicts == {
        "the same bytes": "2 exact",
        "an edited copy": "2 near",
        "a picture like no other": "2 unique",
    } | {"the same, while 4 new files are described": asked[-1]["verdicts"]}
    assert asked[-1]["verdicts"] in ("1 unique", "2 unique")
    assert all(0 < number(row["median s"]) <= number(row["longest s"]) for row in asked)
    assert number(command["s"]) > 0


def check_lanes(text: str) -> None:
    [rows] = tables(text)
    alone, beside = by(rows, "backlog")["none"], by(rows, "backlog")["40 files"]
    assert min(column(rows, "settled to verdict: median s")) > 0
    assert all(number(row["longest s"]) >= number(row["settled to verdict: median s"]) for row in rows)
    assert 0 < number(beside["left"]) < 40
    assert (alone["left"], number(alone["of the backlog, files/s"])) == ("0", 0)


def check_latency(text: str) -> None:
    [rows] = tables(text)
    steps = [row["milliseconds"] for row in rows]
    assert steps[::3] == [
        "stranger: settled file to verdict (2 unique)",
        "copy: settled file to verdict (2 near)",
    ]
    assert steps[1:3] == steps[4:6] == ["forward pass of one image", "all but the forward pass"]
    whole, forward, rest = (column(rows[part::3], "median") for part in range(3))
    assert min(forward) > 0
    assert whole == pytest.approx(np.add(forward, rest), abs=2)  # of two values the median is the mean


def check_matching(text: str) -> None:
    [rows] = tables(text)
    times = {row["step"]: int(row["times"]) for row in rows}
    assert (times["stranger: propose"], times["copy: propose"], times["decode one file"]) == (1, 12, 2)
    assert times["copy: confirm, near"] >= 4
    assert times["copy: confirm, variant"] >= 2
    assert sum(count for step, count in times.items() if step.startswith("copy: confirm")) <= 12
    assert min(column(rows, "median ms")) > 0


def check_memory(text: str) -> None:
    kinds, processes = tables(text)
    stored = by(kinds, "kind")
    assert stored.keys() == {"features", "sketch", "facts", "record", "all, with Redis's own tables"}
    features = stored["features"]  # half of the 4,096 values are not zero
    assert number(features["float16: bytes an image"]) > number(features["int8: bytes an image"]) > 2048
    for encoding in ("float16", "int8"):
        *parts, whole = column(kinds, f"{encoding}: bytes an image")
        assert 0 < sum(parts) < whole
    used = by(processes, "process")
    assert holds_the_stack(set(used))
    *parts, whole = column(processes, "proportional MiB")
    assert sum(parts) == pytest.approx(whole, abs=len(parts))
    assert min(parts) > 0


def check_million(text: str) -> None:
    rates, memory, recluster = tables(text)
    assert column(rates, "images") == [20, 30, 40]
    assert min(column(rates, "verdicts/s")) > 0
    assert column(memory, "MiB after images") == [10, 20, 30, 40]
    assert holds_the_stack(set(memory[0]))
    assert sum(column(recluster[:-1], "seconds")) > 0
    assert next(iter(recluster[0])) == "the recluster run: published"
    assert "Copies made: 4; in the report 4 are near, 0 variants; missed: none." in text
    assert "False pairs: 0; false variants: 0." in text


def check_quality(text: str) -> None:
    near, variants, totals, candidates = tables(text)
    assert text.startswith("1 originals, 9 files, stub network\n")
    assert by(near, "near is right")["png"]["report: as near"] == "1.000"
    assert by(variants, "variant is right")["all of them"]["report: as near"] == "0.000"
    for when in ("report", "at arrival"):
        assert number(by(near, "near is right")["all of them"][f"{when}: found"]) > 0.5
        assert number(by(variants, "variant is right")["all of them"][f"{when}: as variant"]) > 0.4
        counted = {row[""]: row[when] for row in totals}
        assert counted["variants called near"] == "0 of 2"
        assert re.fullmatch(r"0 of [1-9]\d*", counted["false pairs of near"])
        assert re.fullmatch(r"0 of [1-2]", counted["false variants"])
    assert by(candidates, "candidates")["all edits"]["both @32"] == "1.000"  # there are four pictures


def check_recluster(text: str) -> None:
    [rows] = tables(text)
    assert [(row["n"], row["distance"]) for row in rows] == [("60", "euclidean"), ("60", "cosine")]
    assert min(column(rows, "notebook, s")) > 0
    assert min(column(rows, "imagesieve, s")) > 0
    assert all(abs(excess) < 1 for excess in column(rows, "inertia above scikit-learn's, worst k"))
    assert max(column(rows, "silhouette, largest difference")) < 1e-4
    assert all(1 <= k <= 30 for k in column(rows, "k"))


def check_restart(text: str) -> None:
    [[row]] = tables(text)
    assert row["images"] == "10,000"
    assert number(row["file, GB"]) > 0
    assert number(row["mapped"]) > 0


def check_scale(text: str) -> None:
    [[row]] = tables(text)
    assert (row["n"], row["k tried on"]) == ("100", "100")
    assert number(row["rows read"]) >= 100
    assert number(row["clustering, s"]) > 0
    assert number(row["peak memory, GiB"]) > 0
    assert 1 <= number(row["k"]) <= 30
    assert re.search(r"reading from Redis: [1-9]\d* µs a row, measured on 100\n", text)


def check_scenes(text: str) -> None:
    [rows] = tables(text)
    found = by(rows, "frames of")
    assert found.keys() == {"00000 burst", "00000 pan"}
    assert column(rows, "frames") == [3, 3]
    pan = found["00000 pan"]
    assert number(pan["kept"]) < 3
    assert re.fullmatch(r"0[0-2] <- 0[0-2]( 0[0-2])?", pan["groups: keeper <- duplicates"])
    assert text.endswith("groups with frames of two scenes: 0\n")


def check_search(text: str) -> None:
    [[row]] = tables(text)
    assert row["images"] == "1,000"
    assert 0.8 < number(row["recall at 10"]) <= 1
    assert number(row["photo found"]) > 0.9
    assert 0.5 < number(row["cosine"]) < 1
    assert number(row["peak GiB"]) > 0


def check_semantics(text: str) -> None:
    [rows] = tables(text)
    found = by(rows, "clusters")
    assert text.startswith("24 pictures, 3 labels (blue, green, red); ")
    for way in ("imagesieve", "the notebook's way"):
        row = found[f"{way} at the true k"]  # of three colours, which the stub network tells apart
        assert [number(row[head]) for head in ("k", "NMI", "ARI", "purity")] == [3, 1, 1, 1]
        assert number(found[way]["k"]) >= 1
    assert found["imagesieve"]["clarity"] in {"clear", "weak", "none"}


def check_soak(text: str) -> None:
    memory, queues = tables(text)
    assert holds_the_stack({row["MiB"] for row in memory})
    assert all(number(row["most"]) >= number(row["middle"]) > 0 for row in memory)
    assert number(by(memory, "MiB")["data of Redis"]["second half"]) > 0
    assert "Processes that were replaced: none." in text
    delays = by(queues, "")["settled to verdict, 100th percentile, s"]
    assert min(number(delays["first half"]), number(delays["second half"])) > 0


def check_stream(text: str) -> None:
    floods, broker, delays, costs = tables(text)
    verdicts = {row["pictures"]: row["verdicts"] for row in floods}
    assert verdicts == dict.fromkeys(("distinct, 1024 x 768", "distinct, 256 x 256", "crops, 1024 x 768"), "6 unique")
    assert min(column(floods, "images/s")) > 0
    assert all(0 < messages <= 1 for messages in column(broker, "messages to features"))
    assert min(column(broker, "bytes in")) > 0
    assert column(delays, "pictures") == [2, 2, 2]
    assert min(column(delays, "p50 ms")) > 0
    steps = {row["processor time of an image"]: number(row["distinct, 1024 x 768: ms"]) for row in costs}
    watched = ("reading, describing", "comparisons of sketches", "plumbing", "forward pass at batch 32")
    assert min(steps[step] for step in watched) > 0
    parts = {step: spent for step, spent in steps.items() if step != "all" and not step.startswith("of plumbing")}
    assert sum(parts.values()) == pytest.approx(steps["all"], abs=0.1)


def check_verdicts(text: str) -> None:
    costs, restarts = tables(text)
    alone, beside = costs
    assert (alone["images"], alone["writer"], alone["verdicts"]) == ("100", "alone", "16 unique")
    assert re.fullmatch(r"beside proposals of [\d.]+ ms", beside["writer"])
    assert min(number(row["verdict"]) for row in costs) > 0
    assert number(alone["ratio"]) > 0
    [restart] = restarts
    assert restart["images"] == "100"
    assert min(number(restart[head]) for head in ("first verdict, s", "with a saved index, s", "GiB at the peak")) > 0


def check_web(text: str) -> None:
    pages, beside = tables(text)
    assert len(pages) > 11
    assert all(number(row["bytes"]) > 300 for row in pages)
    assert all(0 < number(row["ms"]) <= number(row["95 %, ms"]) for row in pages if row["page"] == "overview")
    assert min(column(beside, "")) > 0


CHECKS: dict[str, Callable[[str], None]] = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}
