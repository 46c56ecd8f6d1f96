"""What comes through the door that Redis is: messages nobody of ours sent, to a real worker."""

import base64
import json
import os
import pickle
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from shared import names
from shared.broker import outstanding
from shared.settings import load_settings
from shared.stack import state_dir
from shared.store import keys
from tests.conftest import RedisServer
from tests.integration.test_verdicts import Bench, bench, wait

__all__ = ["bench"]  # the fixture


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.path}",)


TASK_BODY = json.dumps([[["a.jpg"]], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]).encode()


def message(body: bytes = TASK_BODY, kind: str = "application/json", **headers: Any) -> dict[str, Any]:
    """A message as Celery puts it into Redis."""
    number = str(uuid4())
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": kind,
        "headers": {"lang": "py", "task": names.TASK_JUDGE, "id": number, "root_id": number, **headers},
        "properties": {
            "correlation_id": number,
            "delivery_info": {"exchange": "", "routing_key": names.QUEUE_VERDICTS},
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in message().items() if key != name}


def test_no_message_ends_the_worker_or_comes_back_or_is_executed(bench: Bench, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    yaml = f"!!python/object/apply:os.system ['touch {mark}']".encode()
    hostile: list[Any] = [
        message(pickle.dumps(([[Touch(mark)]], {}, {})), "application/x-python-serialize"),
        message(yaml, "application/x-yaml"),
        message(task="os.system"),
        message(eta="never"),
        message(expires="never"),
        message(b"{no json"),
        message(b"[]"),
        message(b'"no task"'),
        {**message(), "headers": {"task": names.TASK_JUDGE}},
        {**message(), "headers": []},
        without("headers"),
        without("properties"),
        {**message(), "properties": {}},
        5,
        [],
        {},
    ]
    worker = bench.start("only")
    wait(lambda: worker.said("gives verdicts now"), "the worker's turn")
    with redis.Redis.from_url(
        bench.settings.broker.replace("redis+socket", "unix").replace("virtual_host", "db")
    ) as client:
        client.lpush(names.QUEUE_VERDICTS, b"\x80rubbish", b"", *map(json.dumps, hostile))
    wait(lambda: bench.store.add(keys.Counter.REFUSED, 0) == len(hostile) + 2, "each is counted")
    bench.put([("good", "good")])
    bench.send("good")
    wait(bench.all_judged, "the worker goes on")
    wait(lambda: outstanding(bench.app).unacknowledged == 0, "nothing is left to come back")
    assert not any(outstanding(bench.app).queued.values())
    assert not worker.ended()
    assert not mark.exists()


def test_a_message_that_is_not_ours_is_refused_and_counted(bench: Bench) -> None:
    worker = bench.start("only")
    for arguments in (["a.jpg"], [["../a.jpg", 7, "/etc/passwd", ""]], [["a.jpg"], "more"], [{"a": 1}]):
        bench.app.send_task(names.TASK_JUDGE, args=arguments)
    bench.app.send_task(names.TASK_JUDGE, kwargs={"paths": ["a.jpg"]})
    bench.put([("good", "good")])
    bench.send("good")
    wait(bench.all_judged, "the good one is judged")
    wait(lambda: bench.store.add(keys.Counter.REFUSED, 0) == 8, "the others are counted")
    assert worker.said("no path below the watched folder")
    assert not worker.ended()


def test_the_embedded_redis_has_no_port_and_its_socket_is_its_users_alone(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url(0)) as client:
        assert [int(port) for port in client.config_get("port").values()] == [0]
    assert stat.S_IMODE(redis_server.socket.stat().st_mode) == 0o700


def test_flower_listens_on_loopback_and_the_state_is_its_users_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAGESIEVE_FLOWER_ADDRESS", raising=False)
    assert load_settings().flower_address == "127.0.0.1"
    os.close(state_dir.take(tmp_path / "state"))
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
