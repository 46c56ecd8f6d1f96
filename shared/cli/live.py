"""`imagesieve status --watch`: looks at Redis once a second and draws what it finds, until Ctrl-C."""

import contextlib
import sys
import time

from rich.console import Console
from rich.live import Live

from shared.cli.live_page import Screen
from shared.errors import SettingsError
from shared.live.model import Model
from shared.live.poll import Poll
from shared.settings import Settings
from shared.stack.up import StopRequested, stop_on_signals

PAGE_SECONDS = 1.0


def watch_status(settings: Settings) -> None:
    """Draw until a signal. Raises SettingsError where there is no terminal to draw on."""
    console = Console()
    if not sys.stdout.isatty() or console.is_dumb_terminal:  # rich takes a pipe for a terminal where FORCE_COLOR is set
        raise SettingsError(
            "status --watch draws on a terminal, and standard output is not a terminal that it can draw on; use "
            "`imagesieve status --json` for one look, `imagesieve events --follow --json` for what happens"
        )
    model, poll = Model(), Poll(settings)
    with (
        contextlib.suppress(StopRequested),
        stop_on_signals(),
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        while True:
            began = time.monotonic()
            poll.look(model, began)
            live.update(Screen(model.page(time.monotonic()), time.time()), refresh=True)
            time.sleep(max(0.0, began + PAGE_SECONDS - time.monotonic()))
