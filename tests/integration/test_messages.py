"""What a message leaves behind in the process that sent it, and in Redis."""

import redis

from shared.broker import make_app, request_verdicts, send_references, wake_writer
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
