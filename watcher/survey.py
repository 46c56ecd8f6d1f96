"""`python -m watcher.survey`: what is in IMAGESIEVE_WATCH_DIR, for programs, by the walk that a scan makes.

A line of JSON for each file that would be read, `[path, bytes, mtime in nanoseconds]`, and for each file or folder that
is passed over, `[path, bytes, why]`; `null` at the end. Changes nothing; needs no Redis.
"""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

from shared.errors import SettingsError
from shared.records.passed_over import Passed
from shared.settings import Settings, load_settings
from watcher.folder import WatchedFolder
from watcher.storage import FolderAway


def survey(settings: Settings) -> Iterator[list[Any]]:
    """The lines, but for the last. Raises FolderAway. Memory: a thousand of them, and the folders still to come."""
    passed: list[Passed] = []
    folder = WatchedFolder(settings.watch_dir, admission=settings.admission)
    for chunk in folder.walk(note=passed.append):
        yield from ([file.path, file.size, file.mtime_ns] for file in chunk)
        yield from ([one.path, one.bytes, str(one.why)] for one in passed)
        passed.clear()


def main() -> int:
    """Exit status 1 with a sentence where the folder cannot be read, 2 for settings that make no sense."""
    logging.disable(logging.WARNING)  # what is left out is in the lines, and whoever reads them names it
    try:
        for row in survey(load_settings()):
            print(json.dumps(row))
        print("null", flush=True)
    except SettingsError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 2
    except FolderAway as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stdout = None  # whoever read the lines has left, and has said why
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
