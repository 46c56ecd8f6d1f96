"""`imagesieve doctor` and `status`, against what is really there."""

import json
import os
import subprocess
import sys

from shared.settings import Settings


def run(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", *words]
    environment = {**os.environ, **settings.environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_doctor_finds_everything_that_is_needed(settings: Settings) -> None:
    ended = run(settings, "doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(ended.stdout)}
    for name in ("Python", "Keras", "devices", "weights", "Redis", "watched folder"):
        assert findings[name]["ok"], findings[name]
    assert "tensorflow" in findings["Keras"]["found"]
    assert ended.returncode == (0 if all(finding["ok"] for finding in findings.values()) else 1)


def test_doctor_says_what_to_do_about_what_is_wrong(settings: Settings) -> None:
    broken = settings.model_copy(
        update={"weights": "/nowhere/vgg16.h5", "store_url": "redis://127.0.0.1:9/0", "watch_dir": settings.state_dir}
    )
    ended = run(broken, "doctor")
    assert ended.returncode == 1
    assert "WRONG  weights: /nowhere/vgg16.h5" in ended.stdout
    assert "check IMAGESIEVE_WEIGHTS" in ended.stdout
    assert "check IMAGESIEVE_STORE_URL" in ended.stdout
    assert "set IMAGESIEVE_WATCH_DIR" in ended.stdout


def test_status_of_an_empty_collection_and_waiting_that_would_not_end(settings: Settings) -> None:
    ended = run(settings, "status")
    assert ended.returncode == 0
    assert "none answers" in ended.stdout
    waiting = run(settings, "recluster", "--wait")
    assert waiting.returncode == 1
    assert "no recluster worker answers" in waiting.stderr
    alive = run(settings, "alive", "verdicts")
    assert alive.returncode == 1
