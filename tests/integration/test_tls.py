"""Broker and store behind TLS and a user's password: one form of URL for both, and what it says when it is refused."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.broker import make_app, outstanding, request_verdicts
from shared.errors import Unavailable
from shared.records import Reference
from shared.settings import load_settings
from shared.stack.programs import celery_worker
from shared.store import RedisStore
from tests.conftest import RedisServer
from tests.tls_redis import TlsRedis


@pytest.fixture(scope="module")
def tls() -> Iterator[TlsRedis]:
    folder = Path(tempfile.mkdtemp(prefix="sieve"))  # pytest's own folders are too deep for a socket's path
    server = TlsRedis(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


def environment(folder: Path, broker: str, store: str) -> dict[str, str]:
    settings = load_settings(
        watch_dir=folder, state_dir=folder / "state", broker_url=broker, store_url=store, weights="random"
    )
    return {**os.environ, **settings.environment()}


def imagesieve(*words: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "shared.cli", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_messages_results_and_records_go_through_tls(tls: TlsRedis, tmp_path: Path) -> None:
    env = environment(tmp_path, tls.url(0), tls.url(1))
    store = RedisStore.connect(tls.url(1))
    store.mark_pending([Reference("a.jpg", 1, 1)], now=1.0)
    worker = subprocess.Popen(celery_worker("recluster", "info"), env=env)
    try:
        deadline = time.monotonic() + 60
        while "recluster@" not in (said := imagesieve("status", env=env)).stdout:
            assert time.monotonic() < deadline, said
        assert "1 pending" in said.stdout
        ended = imagesieve("recluster", "--wait", env=env)  # a message, a task, and its result
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "nothing to cluster" in ended.stdout
        app = make_app(load_settings(broker_url=tls.url(0), store_url=tls.url(1)))
        request_verdicts(app, ["a.jpg"])
        assert "verdicts 1" in imagesieve("status", env=env).stdout
    finally:
        worker.terminate()
        assert worker.wait(60) == 0


# What each is told as, and the way out.
FAULTS = {
    "password": "invalid username-password.*check user and password",
    "authority": "certificate verify failed.*ssl_ca_certs=",
    "nobody trusted": "certificate verify failed.*ssl_ca_certs=",
    "no TLS": "",
}


def faulty(tls: TlsRedis, fault: str, db: int) -> str:
    return {
        "password": tls.url(db, password="guessed"),
        "authority": tls.url(db, authority=tls.stranger),
        "nobody trusted": tls.url(db).partition("&ssl_ca_certs")[0],
        "no TLS": tls.url(db, scheme="redis"),
    }[fault]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_stays_shut_is_told(tls: TlsRedis, fault: str) -> None:
    with pytest.raises(Unavailable, match=rf"^Redis \(store\) .*{FAULTS[fault]}") as raised:
        RedisStore.connect(faulty(tls, fault, 1)).counts()
    assert "guessed" not in str(raised.value)


@pytest.mark.parametrize("fault", ["password", "authority"])  # the client's retries take seconds
def test_a_broker_that_stays_shut_is_told(tls: TlsRedis, fault: str) -> None:
    with pytest.raises(Unavailable, match=rf"^Redis \(broker\) .*{FAULTS[fault]}") as raised:
        outstanding(make_app(load_settings(broker_url=faulty(tls, fault, 0))))
    assert "guessed" not in str(raised.value)


def test_a_user_with_too_few_rights_is_told(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url(0)) as admin:
        admin.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], commands=["+get"])
        try:
            with pytest.raises(Unavailable, match="too few rights"):
                RedisStore.connect(f"unix://guest:x@{redis_server.socket}?db=0").counts()
        finally:
            admin.acl_deluser("guest")


def test_tls_without_a_word_of_certificates_asks_for_one(tls: TlsRedis) -> None:
    bare = tls.url(0).partition("?")[0]
    with pytest.raises(Unavailable, match="certificate verify failed"):
        outstanding(make_app(load_settings(broker_url=bare)))


def test_status_says_it_in_one_line(tls: TlsRedis, tmp_path: Path) -> None:
    ended = imagesieve("status", env=environment(tmp_path, tls.url(0), faulty(tls, "password", 1)))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended.stderr
    assert "Redis (store)" in ended.stderr
