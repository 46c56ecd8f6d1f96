"""The command that shows the verdicts that were given."""

import time
from typing import Annotated

import typer

from shared.cli.terminal import say, shown
from shared.errors import Unavailable
from shared.live.absence import explain_absence
from shared.records import Event
from shared.settings import load_settings
from shared.store import RedisStore

EVENT_SECONDS = 5.0
PAUSE_SECONDS = 2.0


def events(
    follow: Annotated[bool, typer.Option("--follow", help="go on with what comes, until Ctrl-C")] = False,
    json: Annotated[bool, typer.Option("--json", help="a JSON object a line, for programs")] = False,
) -> None:
    """Print the verdicts that were given, oldest first, and why.

    Examples:

      imagesieve events

      imagesieve events --follow --json | jq .path
    """
    settings = load_settings()
    store = RedisStore.connect(settings.store)
    after, said = "0", ""
    while True:
        try:
            found = store.events(after, wait=EVENT_SECONDS if follow else 0.0)
        except Unavailable as error:
            if not follow:
                raise
            why = explain_absence(error, settings)
            if why != said:
                say(f"{why}; waiting for it")
            said = why
            time.sleep(PAUSE_SECONDS)
            continue
        if said:
            say("Redis answers; going on")
        said = ""
        for position, event in found:
            print(event.to_json() if json else sentence(event), flush=True)
            after = position
        if not found and not follow:
            return


def sentence(event: Event) -> str:
    """An event as a line for people; what a terminal would act on in a name is escaped."""
    line = f"{event.at}  {event.verdict:<9}  {shown(event.path)}"
    if event.duplicate_of:
        line += f"  = {shown(event.duplicate_of)}"
    elif event.variant_of:
        line += f"  variant of {shown(event.variant_of)}"
    if event.similarity:
        line += f"  {event.similarity:.2f}"
    if event.cluster_before is not None:
        line += f"  cluster {event.cluster}, {event.cluster_before} before"
    return f"{line}  {event.reason}" if event.reason else line
