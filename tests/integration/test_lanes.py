"""New before old: the lanes of the queues on a real Redis, with a real feature worker and the full-size network."""

import asyncio
import io
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from flower.utils.broker import Broker
from PIL import Image

from shared import names
from shared.broker import Lane, make_app, outstanding, request_verdicts, send_references
from shared.records import Reference, State
from shared.settings import Settings
from tests.conftest import RedisServer
from tests.integration.test_worker import Line

MESSAGES, FILES = 7, 8  # of the backlog


def picture(number: int) -> bytes:
    """A picture that is like no other."""
    noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((320, 240)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def line(redis_server: RedisServer, settings: Settings) -> Iterator[Line]:
    line = Line(settings)
    yield line
    line.process.terminate()
    line.process.wait(60)


def put_backlog(line: Line) -> list[str]:
    """Send a backlog; the paths in the order of their messages."""
    files = [line.put(f"old {number:03}.jpg", picture(number)) for number in range(MESSAGES * FILES)]
    line.store.mark_pending(files, time.time())
    for start in range(0, len(files), FILES):
        send_references(line.app, files[start : start + FILES], Lane.BACKLOG)
    return [file.path for file in files]


def done(line: Line, paths: Sequence[str]) -> dict[str, float]:
    """When each was read, of those that are."""
    records = zip(paths, line.store.records(paths), strict=True)
    return {path: record.since for path, record in records if record and record.state is State.READY}


def test_an_arrival_overtakes_all_of_the_backlog_that_no_worker_has_in_hand(line: Line) -> None:
    old = put_backlog(line)
    line.send(line.put("first.jpg", picture(1000)))  # the worker still loads its network
    line.wait(lambda: len(done(line, old)) >= 2 * FILES)
    assert len(done(line, ["first.jpg"])) == 1
    assert done(line, ["first.jpg"])["first.jpg"] < sorted(done(line, old).values())[FILES]
    line.send(line.put("second.jpg", picture(1001)))
    sent = time.time()
    line.wait(lambda: len(done(line, [*old, "second.jpg"])) == len(old) + 1)
    second = done(line, ["second.jpg"])["second.jpg"]
    between = sum(sent < since < second for since in done(line, old).values())
    assert between <= 2 * FILES, "the message in hand, and one that was taken as this one came"
    waiting = outstanding(line.app)
    assert waiting.backlog[names.QUEUE_VERDICTS] == MESSAGES, "what follows from the backlog stays in its lane"
    assert waiting.queued[names.QUEUE_VERDICTS] == MESSAGES + 2


def first_in_line(settings: Settings, queue: str) -> list[str]:
    """The paths of the message that a worker would get."""
    with make_app(settings).connection_for_read() as link, link.SimpleQueue(queue) as messages:
        message = messages.get(block=False)
        message.ack()
        return [value[0] if isinstance(value, list) else value for value in message.payload[0][0]]


def test_a_message_of_a_worker_that_vanished_comes_back_to_its_lane(settings: Settings) -> None:
    app = make_app(settings)
    send_references(app, [Reference("old.jpg", 1, 1)], Lane.BACKLOG)
    with app.connection_for_read() as link:
        channel = link.default_channel
        link.SimpleQueue(names.QUEUE_FEATURES).get(block=False)  # and never acknowledged
        assert outstanding(app).unacknowledged == 1
        send_references(app, [Reference("new.jpg", 1, 1)])
        channel.visibility_timeout = -1
        channel.qos.restore_visible(num=10, interval=1)
        channel.qos._delivered.clear()  # nothing is left to give back
        waiting = outstanding(app)
        assert (waiting.unacknowledged, waiting.backlog[names.QUEUE_FEATURES]) == (0, 1)
    assert first_in_line(settings, names.QUEUE_FEATURES) == ["new.jpg"]
    assert first_in_line(settings, names.QUEUE_FEATURES) == ["old.jpg"]


def test_the_verdict_writer_gets_arrivals_first_and_the_backlog_in_small_pieces(settings: Settings) -> None:
    app = make_app(settings)
    request_verdicts(app, [f"old {number}" for number in range(20)], Lane.BACKLOG)
    request_verdicts(app, ["new"])
    assert outstanding(app).queued[names.QUEUE_VERDICTS] == 4
    assert first_in_line(settings, names.QUEUE_VERDICTS) == ["new"]
    assert first_in_line(settings, names.QUEUE_VERDICTS) == [f"old {number}" for number in range(8)]


def test_flower_counts_both_lanes(redis_server: RedisServer, settings: Settings) -> None:
    redis_server.flush(0)  # on a Unix socket Flower reads no other database
    app = make_app(settings.model_copy(update={"broker_url": redis_server.broker(0)}))
    for lane in Lane:
        send_references(app, [Reference("a.jpg", 1, 1)], lane)
    url = app.connection().as_uri(include_password=True)
    broker = Broker(url, broker_options=app.conf.broker_transport_options)
    [found] = asyncio.run(broker.queues([names.QUEUE_FEATURES]))
    assert found == {"name": names.QUEUE_FEATURES, "messages": 2}


def test_a_message_of_an_earlier_version_is_an_arrival() -> None:
    assert [Lane.of(priority) for priority in (None, 0, 3, 9)] == [
        Lane.ARRIVAL,
        Lane.ARRIVAL,
        Lane.ARRIVAL,
        Lane.BACKLOG,
    ]
