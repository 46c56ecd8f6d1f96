"""What the pages say, and how a name gets into an address and out again."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.broker import Outstanding
from shared.failures import FailureKind
from shared.live.model import Look, Page
from shared.live.waiting import Waiting
from shared.paths import is_below_root
from shared.records import Counts, Event, Extractor, Record, State
from worker.web.addresses import address, query_of, whole
from worker.web.failed import failed_of
from worker.web.likeness import choose_candidates, cosines
from worker.web.past import past_of
from worker.web.views.failures import failures_of
from worker.web.views.image import history_of, image_of
from worker.web.views.overview import VERDICTS_SHOWN, found_of, given_of, live_of

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LOOK = Look(
    Counts(total=100, pending=40, failed=2),
    {"unique": 50, "exact": 3, "identical": 0, "near": 1, "failed": 2, "unjudged": 4},
    Outstanding({"features": 3, "verdicts": 0}, 1),
    2_500_000,
    Extractor("e", "imagenet", "VGG16 fc2"),
    None,
    Waiting(),
)
READY = Record(1200, 10**18, State.READY, 1.0, "ab" * 32, 400, 300, "e", "unique")


def test_the_overview_says_how_far_the_work_is() -> None:
    live = live_of(Page(LOOK, files=2.0, verdicts=1.0, seconds_left=20.0, workers=("features@host",)))
    assert live.words == "56 of 100 done (56%), 40 to read, 4 verdicts due, 20 s left"
    assert (live.done, live.total, live.failed, live.speed) == (56, 100, 2, "2.0 files/s, 1.0 verdicts/s")
    assert dict(live.facts)["Queues"] == "features 3, verdicts 0; in hand 1"
    assert live.attention == ()
    assert live_of(Page()).known is False


def test_what_needs_somebody_is_said_in_sentences() -> None:
    look = replace(
        LOOK,
        backlog=Waiting(7, paused=True),
        extractor=Extractor("e", "random", "VGG16", "random weights: rough"),
        generation={"report_error": "the disk is full", "warnings": ["a folder is missing", "random weights: rough"]},
    )
    said = live_of(Page(look, workers=(), absence="Redis (store) does not answer", age=30.0)).attention
    assert said[0] == "Redis (store) does not answer. Waiting for it; the numbers are 30 s old"
    assert "none answers yet" in said[1]
    assert "paused" in said[2]
    assert said[3:] == ("random weights: rough", "the disk is full", "a folder is missing")


def event(path: str, verdict: str = "unique", **more: object) -> Event:
    return Event("2026-11-28T11:00:00+00:00", path, "ab" * 32, verdict, **more)  # type: ignore[arg-type]


def test_of_each_file_the_last_verdict_is_shown() -> None:
    events = [event("a.png", "exact", duplicate_of="b.png", reason="exact"), event("a.png"), event("b.png")]
    found = given_of(events, NOW, UTC)
    assert [(one.path, one.verdict, one.moment) for one in found] == [
        ("a.png", "exact", "11:00:00"),
        ("b.png", "unique", "11:00:00"),
    ]
    assert (found[0].keeper, found[0].reason) == ("b.png", "")
    assert len(given_of([event(f"{number}.png") for number in range(100)], NOW)) == VERDICTS_SHOWN
    assert given_of([replace(event("a"), at="2026-11-27T11:00:00+00:00")], NOW, UTC)[0].moment == "2026-11-27"
    assert given_of([replace(event("a"), at="never")], NOW, UTC)[0].moment == "?"


def test_what_was_found_is_counted_in_words() -> None:
    counts = {"images": 10, "duplicates": 1, "groups": 1, "failed": 0, "clusters": 2, "variants": 0}
    summary = {
        "generation": "g", "created": "2026", "counts": counts, "bytes": 5000, "bytes_to_free": 0,
        "bytes_to_prove": 1000, "history": [],
    }  # fmt: skip
    found = found_of(summary)
    assert found
    assert (found.title, found.lead) == ("1 of 10 images is a duplicate", "up to 1.0 kB of 5.0 kB can be freed.")
    nothing = found_of({**summary, "counts": {**counts, "duplicates": 0}, "bytes_to_prove": 0})
    assert nothing
    assert (nothing.title, nothing.lead) == ("No duplicates among 10 images", "")
    assert found_of(None) is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (READY, "Unique: no duplicate of another file"),
        (replace(READY, verdict="exact", duplicate_of="k.png"), "A duplicate"),
        (replace(READY, variant_of="k.png", share=0.1), "No duplicate but a variant"),
        (replace(READY, verdict=""), "It is read, and its verdict is due"),
        (Record(1, 1, State.PENDING, 1.0), "It is on its way to a feature worker"),
        (Record(1, 1, State.PENDING), "It waits in the backlog"),
        (
            Record(1, 1, State.FAILED, failure=FailureKind.EMPTY, reason="empty file", verdict="failed"),
            "It could not be",
        ),
    ],
)
def test_a_verdict_is_said_in_words(record: Record, said: str) -> None:
    view = image_of("a.png", record, None, {})
    assert view
    assert view.sentence.startswith(said)
    assert view.other == (record.duplicate_of or record.variant_of)
    assert view.failed == (record.state is State.FAILED)
    assert image_of("a.png", None, None, {}) is None


def test_history_is_of_one_file() -> None:
    events = [
        event("a.png", "near", duplicate_of="b.png", reason="half size"),
        event("b.png"),
        event("a.png", cluster=2, cluster_before=1),
        event("a.png", variant_of="c.png", reason="covered"),
    ]
    found = [(past.words, past.other) for past in history_of(past_of(events).by_path["a.png"])]
    assert found == [
        ("near: half size", "b.png"),
        ("moved from cluster 1 to 2", ""),
        ("variant: covered", "c.png"),
    ]


def test_failures_are_filtered_by_their_reason() -> None:
    files = [("c", "empty"), ("a", "no image"), ("b", "no image")]
    view = failures_of(failed_of(files), "no image", 1)
    assert [path for path, _, _ in view.files.items] == ["a", "b"]
    assert view.reasons == (("no image", "no image", 2), ("empty", "empty", 1))
    assert failures_of(failed_of(files), "", 1).files.total == 3
    few = failures_of(failed_of(iter(files), most=2), "", 1)
    assert (few.files.total, few.more, view.more) == (2, True, False)


NAMES = st.binary(min_size=1, max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


@given(NAMES, st.text(max_size=20))
def test_a_name_comes_out_of_an_address_as_it_went_in(path: str, other: str) -> None:
    place = address("/image", path=path, reason=other, page=None)
    assert place.isascii()
    scope = {"type": "http", "query_string": place.partition("?")[2].encode(), "headers": []}
    found = query_of(Request(scope))
    assert found["path"] == path
    assert found.get("reason", "") == other
    assert "page" not in found


@given(st.binary(max_size=60))
def test_whatever_stands_in_an_address_gives_a_path_or_none(raw: bytes) -> None:
    path = query_of(Request({"type": "http", "query_string": b"path=" + raw, "headers": []})).get("path", "")
    if is_below_root(path):
        path.encode("utf-8", "surrogateescape")


@given(st.text(max_size=12))
def test_a_number_in_an_address_stays_within_its_bounds(text: str) -> None:
    assert 1 <= whole(text, 1, 50, 7) <= 50


def test_numbers_in_an_address() -> None:
    assert [whole(text, 1, 50, 7) for text in ("3", "0", "99", "", "-1", "x", "٣", "9" * 5000)] == [
        3, 1, 50, 7, 7, 7, 7, 7,
    ]  # fmt: skip


def test_likeness_is_the_cosine() -> None:
    one = np.array([1, 0], np.float32)
    others = np.array([[2, 0], [0, 3], [-1, 0], [0, 0], [1, 1]], np.float32)
    assert cosines(one, others) == pytest.approx([1, 0, -1, 0, 0.5**0.5])


def test_candidates_are_as_far_from_the_centre_as_the_picture_itself() -> None:
    class Columns:
        distances = np.linspace(0, 1, 100, dtype=np.float32)
        keepers = np.full(100, -1, np.int32)
        subclusters = np.full(100, -1)

    rows = np.arange(100)
    chosen = choose_candidates(Columns(), 50, rows, most=10)  # type: ignore[arg-type]
    assert sorted(chosen) == [45, 46, 47, 48, 49, 51, 52, 53, 54, 55]
    assert len(choose_candidates(Columns(), 50, rows, most=1000)) == 99  # type: ignore[arg-type]
    Columns.subclusters = rows % 2  # two finer ones, one within the other
    chosen = choose_candidates(Columns(), 50, rows, most=10)  # type: ignore[arg-type]
    assert sorted(chosen) == [40, 42, 44, 46, 48, 52, 54, 56, 58, 60]
    assert len(choose_candidates(Columns(), 50, rows, most=80)) == 80  # type: ignore[arg-type]
