"""The command that says what images would be: the running workers answer, or a process of its own where none do."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

import typer

from shared.absence import Server
from shared.checking import LARGEST, Asker, not_read, read_picture
from shared.cli.collection_settings import settings_of_collection
from shared.cli.stream import sentence
from shared.cli.terminal import say, shown
from shared.errors import Unavailable, UnreadableImage
from shared.records.checks import CheckAnswer
from shared.settings import load_settings

PATIENCE: Final = 60.0  # seconds; loading network and collection here would take longer beside workers that are busy
AT_ONCE: Final = 8  # images that are asked about at a time: one forward pass


def check(
    images: Annotated[list[Path], typer.Argument(help="image files, anywhere")],
    json: Annotated[bool, typer.Option("--json", help="a JSON object a line, for programs")] = False,
) -> None:
    """Say what images would be in the collection, without adding them.

    Asks the workers of the running `imagesieve up`; where none answers it loads the network and the collection itself,
    which takes from seconds to minutes. Needs Redis. Example:

      imagesieve check ~/Downloads/cat.jpg
    """
    asking = _Asking()
    for answer in asking.answers(images):
        print(answer.to_json() if json else _sentence(answer), flush=True)
    if asking.failed:
        raise typer.Exit(1)


def _sentence(answer: CheckAnswer) -> str:
    """What it would be, for people; behind that, what decisions say of it."""
    said = f"; you said that it is not the picture of {', '.join(map(shown, answer.different))}"
    return sentence(answer.event) + (said if answer.different else "")


class _Asking:
    """failed: whether a file could not be read, or a process of our own failed."""

    def __init__(self) -> None:
        settings = load_settings(prefer_folders="", protect_folders="")
        self._asker = Asker.of(settings)
        self._max_bytes = settings.max_bytes
        self._why = ""  # nobody answers
        self.failed = False

    def answers(self, images: Sequence[Path]) -> Iterator[CheckAnswer]:
        """An answer for each image, in order; for those that the workers do not answer, from a process of our own."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            asked = zip(images, threads.map(self._ask, images), strict=True)
            left: list[tuple[Path, CheckAnswer | None]] = []
            for image, answer in asked:
                if answer is None:
                    left = [(image, None), *asked]
                    break
                yield answer
        if self._why:
            say(f"{self._why}; loading the network and the collection here, which takes a while")
        ours = self._load([image for image, answer in left if answer is None]) if left else iter(())
        for image, answer in left:
            if answer is None and (answer := next(ours, None)) is None:
                say(f"{shown(str(image))} got no answer")
                self.failed = True
                return
            yield answer

    def _ask(self, image: Path) -> CheckAnswer | None:
        """The workers' answer; None where a process of our own is to give it."""
        name = str(image.absolute())
        try:
            data = read_picture(image, self._max_bytes)
            if len(data) > LARGEST or self._why:
                return None
            return self._asker.ask(data, name, PATIENCE)
        except UnreadableImage as error:
            say(f"{name} {error}")
            self.failed = True
            return not_read(name, error)
        except Unavailable as error:
            if error.who in list(Server):
                raise
            self._why = str(error)
            return None

    def _load(self, images: Sequence[Path]) -> Iterator[CheckAnswer]:
        settings = settings_of_collection()
        command = [sys.executable, "-m", "worker.commands.check", *(str(image.absolute()) for image in images)]
        ended = subprocess.run(
            command, env={**os.environ, **settings.environment()}, stdout=subprocess.PIPE, text=True, check=False
        )
        self.failed |= ended.returncode != 0
        return iter([CheckAnswer.from_json(line) for line in ended.stdout.splitlines()])
