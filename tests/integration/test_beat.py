"""Beat as a container runs it asks for the first report when the work is through, not a period later."""

import os
import re
import signal
import subprocess
import sys
import time

from shared.broker import make_app, outstanding
from shared.failures import FailureKind
from shared.records import Reference
from shared.settings import Settings
from shared.store import RedisStore
from tests.failed import mark_failed

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ +[\w.]+: ")


def test_the_first_report_is_asked_for_before_a_period_is_over(settings: Settings) -> None:
    store, app = RedisStore.connect(settings.store), make_app(settings)
    settings = settings.model_copy(update={"recluster_every": 3600.0})
    with subprocess.Popen(
        [sys.executable, "-m", "shared.cli", "beat"],
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as beat:
        sign, deadline = settings.state_dir / "beat.alive", time.monotonic() + 60
        while not sign.exists():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert outstanding(app).queued["recluster"] == 0  # there is nothing to report yet
        mark_failed(store, [(Reference("notes.txt", 1, 1), "no picture")], FailureKind.NO_IMAGE, 0.0)
        while outstanding(app).queued["recluster"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        beat.send_signal(signal.SIGTERM)
        log, _ = beat.communicate(timeout=30)
    assert outstanding(app).queued["recluster"] == 1
    assert "celery.beat: beat: Starting" in log
    assert all(LINE.match(line) for line in log.splitlines()), log  # as of every process, and no banner
