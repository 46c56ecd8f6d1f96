"""Beat gives the sign of life that its health check looks for."""

from pathlib import Path

from shared.beat import Scheduler
from shared.broker import make_app
from shared.settings import load_settings


def test_every_look_at_the_schedule_is_a_sign_of_life(tmp_path: Path) -> None:
    app = make_app(load_settings(state_dir=tmp_path))
    scheduler = Scheduler(app, schedule_filename=str(tmp_path / "beat-schedule"))
    sign = tmp_path / "beat.alive"
    assert not sign.exists()
    pause = scheduler.tick()  # nothing is due in the first five minutes
    assert sign.exists()
    assert 0 < pause <= 15
    sign.unlink()
    scheduler.tick()
    assert sign.exists()
    scheduler.close()
