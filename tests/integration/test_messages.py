"""What a message leaves behind in the process that sent it, and in Redis."""

import redis

from shared import names
from shared.broker import make_app, outstanding, request_verdicts, send_references, wake_writer
from shared.records import Reference
from shared.settings import Settings
from tests.conftest import RedisServer


def test_nobody_subscribes_to_the_results_of_messages_that_nobody_waits_for(
    settings: Settings, redis_server: RedisServer
) -> None:
    app = make_app(settings)
    with redis.Redis.from_url(redis_server.url(0)) as client:
        before = client.info("commandstats")
        send_references(app, [Reference("a.jpg", 1, 1)])
        request_verdicts(app, ["a.jpg"])
        wake_writer(app)
        after = client.info("commandstats")
    assert after["cmdstat_lpush"]["calls"] == before.get("cmdstat_lpush", {"calls": 0})["calls"] + 3
    assert after.get("cmdstat_subscribe") == before.get("cmdstat_subscribe")


def test_many_paths_go_to_the_verdict_writer_in_messages_of_500_and_none_in_no_message(settings: Settings) -> None:
    app = make_app(settings)
    request_verdicts(app, [])
    assert outstanding(app).queued[names.QUEUE_VERDICTS] == 0
    paths = [f"{number}.jpg" for number in range(1001)]
    request_verdicts(app, paths)
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(names.QUEUE_VERDICTS, no_ack=True)
        messages = [queue.get(block=False).payload[0][0] for _ in range(3)]
    assert [len(message) for message in messages] == [500, 500, 1]
    assert [path for message in messages for path in message] == paths
