"""When beat asks for a report ahead of its schedule."""

from dataclasses import replace

from shared.broker import ask_for_recluster, make_app, outstanding
from shared.broker.early_report import BACKFILL, COLLECTION_LOOK_SECONDS, QUIET_SECONDS, EarlyReport, Moment, Quiet
from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.records import Reference
from shared.settings import Settings
from shared.store import RedisStore
from tests.failed import mark_failed

BUSY = Moment(total=10, pending=4, unjudged=2, revision=7, clustered=None)
DONE = Moment(total=10, pending=0, unjudged=0, revision=20, clustered=None)


def asked(quiet: Quiet, *looks: Moment) -> list[int]:
    """At which of the looks, QUIET_SECONDS apart, a report was asked for."""
    found = []
    for number, look in enumerate(looks):
        if quiet.is_due(look, number * QUIET_SECONDS):
            quiet.asked()
            found.append(number)
    return found


def test_a_report_is_asked_for_once_when_the_work_after_the_start_is_through() -> None:
    assert asked(Quiet(), BUSY, DONE, DONE, DONE, DONE) == [2]


def test_nothing_is_asked_for_while_there_is_work_or_the_collection_still_changes() -> None:
    for look in (
        replace(DONE, pending=1),
        replace(DONE, unjudged=1),
        replace(DONE, unjudged=None),
        replace(DONE, total=0),
        replace(DONE, clustered=DONE.revision),
    ):
        assert asked(Quiet(), look, look, look) == [], look
    assert asked(Quiet(), *(replace(DONE, revision=revision) for revision in range(5))) == []


def test_a_file_that_comes_into_an_empty_or_unchanged_folder_counts_as_the_first_work() -> None:
    nothing, unchanged = replace(DONE, total=0), replace(DONE, clustered=DONE.revision)
    for before in (nothing, unchanged):
        news = replace(DONE, revision=30, clustered=before.clustered)
        assert asked(Quiet(), before, before, before, news, news) == [4]


def test_files_that_trickle_in_afterwards_wait_for_the_period() -> None:
    quiet = Quiet()
    assert asked(quiet, DONE, DONE)
    trickle = [replace(DONE, total=10 + n, revision=20 + n, clustered=20) for n in range(1, 5) for _ in range(2)]
    assert asked(quiet, *trickle) == []


def test_a_backfill_is_asked_for_again() -> None:
    quiet = Quiet()
    assert asked(quiet, DONE, DONE)
    done = replace(DONE, total=10 + BACKFILL, revision=400, clustered=20)
    few = replace(done, pending=BACKFILL - 1)
    assert asked(quiet, few, done, done) == []
    assert asked(quiet, replace(done, pending=BACKFILL), done, done, done) == [2]
    large = replace(done, total=100 * BACKFILL)
    assert asked(quiet, replace(large, pending=BACKFILL), large, large) == []


def test_it_is_asked_for_again_where_the_broker_was_away_and_then_no_more(settings: Settings) -> None:
    store, app, tries = RedisStore.connect(settings.store), make_app(settings), []

    def ask() -> None:
        tries.append(True)
        if len(tries) == 1:
            raise Unavailable("the broker", "is away")
        ask_for_recluster(app, force=False)

    early = EarlyReport(store, ask)
    early.look(0.0)
    mark_failed(store, [(Reference("notes.txt", 1, 1), "no picture")], FailureKind.NO_IMAGE, 0.0)
    assert early.is_wanted
    for look in range(1, 9):
        early.look(look * COLLECTION_LOOK_SECONDS)
    assert len(tries) == 2
    assert outstanding(app).queued["recluster"] == 1
    assert not early.is_wanted
