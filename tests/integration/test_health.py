"""`imagesieve doctor` and `status`, against what is really there."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from shared import broker
from shared.admission import Why
from shared.broker import make_app
from shared.errors import Unavailable
from shared.live.absence import explain_absence
from shared.records import Extractor, Generation
from shared.records.passed_over import Amount, PassedOver
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from worker.network.weights import resolve


def run(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", *words]
    environment = {**os.environ, **settings.environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_doctor_finds_everything_that_is_needed(settings: Settings) -> None:
    ended = run(settings, "doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(ended.stdout)}
    for name in ("Python", "Keras", "devices", "weights", "Redis", "state folder", "watched folder"):
        assert findings[name]["ok"], findings[name]
    assert "tensorflow" in findings["Keras"]["found"]
    assert ended.returncode == (0 if all(finding["ok"] for finding in findings.values()) else 1)


def test_doctor_prints_the_network_as_the_notebook_did(settings: Settings) -> None:
    layers = json.loads(run(settings, "doctor", "--model", "--json").stdout)
    assert {"name": "fc2", "kind": "Dense", "shape": [4096], "parameters": 16_781_312} in layers
    assert sum(layer["parameters"] for layer in layers) == 134_260_544
    table = run(settings, "doctor", "--model")
    assert (table.returncode, table.stderr) == (0, "")
    assert "".join(table.stdout.splitlines()[-1].split()) == "total134,260,544"
    assert "block1_conv1  Conv2D        224 x 224 x 64             1,792" in table.stdout


def test_doctor_says_what_to_do_about_what_is_wrong(settings: Settings) -> None:
    broken = settings.model_copy(
        update={
            "weights": "/nowhere/vgg16.h5",
            "store_url": "redis://127.0.0.1:9/0",
            "watch_dir": settings.watch_dir / "x",
        }
    )
    settings.state_dir.mkdir()
    (settings.state_dir / "letter.txt").write_text("a user's")
    ended = run(broken, "doctor")
    assert ended.returncode == 1
    assert "WRONG  weights: /nowhere/vgg16.h5" in ended.stdout
    assert "check IMAGESIEVE_WEIGHTS" in ended.stdout
    assert "WRONG  Redis: does not answer: Error 111" in ended.stdout
    assert "check IMAGESIEVE_STORE_URL" in ended.stdout
    assert "set IMAGESIEVE_WATCH_DIR" in ended.stdout
    assert "name a new or an empty folder for its state" in ended.stdout


def test_weights_that_could_not_be_downloaded_are_not_ok(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    auto = settings.model_copy(update={"weights": "auto"})  # the collection decides, where there is one

    def look() -> tuple[bool, str]:
        found = {finding["name"]: finding for finding in json.loads(run(auto, "doctor", "--json").stdout)}
        return found["weights"]["ok"], found["weights"]["remedy"]

    ok, remedy = look()
    assert not ok
    assert "could not be downloaded" in remedy
    fallen_back = Extractor("e", "random", "VGG16 fc2, random weights", remedy)
    RedisStore.connect(settings.store).publish_extractor(fallen_back)  # as `up` does then
    assert look() == (False, remedy)
    RedisStore.connect(settings.store).publish_extractor(resolve("random").extractor)
    assert look() == (True, "")


def test_status_tells_what_the_newest_report_warns_of(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    warning = "IMAGESIEVE_PROTECT_FOLDERS names 'orginals', and there is no such folder"
    summary = {"generation": "g", "k": 1, "counts": {"images": 1, "duplicates": 0}, "warnings": [warning]}
    store.publish(Generation("g", store.revision(), "e", 1, b"", {}, summary), keep=5)
    said = " ".join(run(settings, "status").stdout.split())
    assert f"warning {warning}" in said


def test_status_tells_what_is_passed_over_by_suffix(settings: Settings) -> None:
    assert "passed over" not in run(settings, "status").stdout
    found = PassedOver({".xmp": Amount(1200, 5000), ".json": Amount(3, 20)}, {Why.LINK: Amount(1, 0)})
    RedisStore.connect(settings.store).put_passed_over(found, ())
    said = " ".join(run(settings, "status").stdout.split())
    assert "passed over 1,204 files, 5.0 kB: .xmp 1,200, .json 3, a link, which is not followed 1" in said
    passed = json.loads(run(settings, "status", "--json").stdout)["passed_over"]
    assert passed["kinds"][0] == {"kind": ".xmp", "files": 1200, "bytes": 5000}
    assert (passed["files"], passed["bytes"]) == (1204, 5020)


def test_status_of_an_empty_collection_and_waiting_that_would_not_end(settings: Settings) -> None:
    ended = run(settings, "status")
    assert ended.returncode == 0
    assert "none answers" in ended.stdout
    waiting = run(settings, "recluster", "--wait")
    assert waiting.returncode == 1
    assert "no recluster worker answers" in waiting.stderr
    alive = run(settings, "alive", "verdicts")
    assert alive.returncode == 1


@pytest.mark.parametrize(
    "words", [("status",), ("events",), ("check", "README.md"), ("calibrate",), ("recluster",), ("recluster", "--wait")]
)
def test_a_command_says_that_nothing_runs_with_the_state_folder(settings: Settings, words: tuple[str, ...]) -> None:
    alone = settings.model_copy(update={"broker_url": "", "store_url": "", "state_dir": settings.state_dir / "other"})
    ended = run(alone, *words)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert f'does not answer: nothing runs with the state folder {alone.state_dir}; start "imagesieve up' in line


def refused_by(settings: Settings) -> Iterator[Unavailable]:
    """What the store and the broker of these settings say."""
    calls: tuple[Callable[[], object], ...] = (
        RedisStore.connect(settings.store).ping,
        partial(broker.ping, make_app(settings)),
    )
    for call in calls:
        with pytest.raises(Unavailable) as raised:
            call()
        yield raised.value


def test_only_the_embedded_redis_is_started_by_up(tmp_path: Path) -> None:
    ours = load_settings(state_dir=tmp_path)
    missing = list(refused_by(ours))
    ours.redis_socket.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(ours.redis_socket))  # of a Redis that was killed: nobody listens
    refused = list(refused_by(ours))
    for server, *errors in zip(("store", "broker"), missing, refused, strict=True):
        for error in errors:
            assert explain_absence(error, ours) == (
                f"Redis ({server}) does not answer: nothing runs with the state folder {tmp_path}; "
                'start "imagesieve up FOLDER", or name another one with --collection or --state'
            )
    theirs = load_settings(state_dir=tmp_path, store_url="redis://127.0.0.1:1/1", broker_url="redis://127.0.0.1:1/0")
    for error in refused_by(theirs):
        assert explain_absence(error, theirs) == str(error)
        assert "Connection refused" in str(error)
    for error in (Unavailable("Redis (store)", "takes no writes: full", "make room"), Unavailable("x", "is away")):
        assert explain_absence(error, ours) == str(error)
