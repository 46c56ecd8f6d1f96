"""Which collection a command is of: `--state` and `--collection`, on each of them."""

import functools
import inspect
import os
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from shared.collection import named_collection
from shared.errors import SettingsError
from shared.paths import absolute
from shared.settings import PREFIX

Command = TypeVar("Command", bound=Callable[..., Any])
_VARIABLE: Final = f"{PREFIX}STATE_DIR"
_OPTIONS: Final = {
    "state_option": Annotated[
        Path | None, typer.Option("--state", metavar="PATH", help="the state folder; else it is found by the folder")
    ],
    "collection_option": Annotated[
        str | None, typer.Option("--collection", metavar="NAME", help="the collection; else it is found by the folder")
    ],
}
# The option that named the state folder, and its value; nothing where none did.
named_by: ContextVar[tuple[str, ...]] = ContextVar("named_by", default=())


class Commands(typer.Typer):
    """Commands that take `--state` and `--collection`, each of them."""

    def command(
        self, name: str | None = None, *, placed: bool = True, new: bool = False, **options: Any
    ) -> Callable[[Command], Command]:
        """As in Typer. placed: whether it takes them; new: whether the collection may be one that is not there yet."""
        register = super().command(name, **options)

        def add(command: Command) -> Command:
            register(_placed(command, new) if placed else command)
            return command

        return add


def _placed(command: Callable[..., None], new: bool) -> Callable[..., None]:
    """The command with these options behind its own."""

    @functools.wraps(command)
    def run(*, state_option: Path | None, collection_option: str | None, **words: Any) -> None:
        choose_state(state_option, collection_option, new)
        command(**words)

    signature = inspect.signature(command)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
    parameters = [*signature.parameters.values(), *options]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, **_OPTIONS}
    return run


def choose_state(state: Path | None, collection: str | None, new: bool) -> None:
    """Have the environment say which state folder it is, to this process and to all that it starts."""
    if state and collection:
        raise SettingsError("--state and --collection both name a state folder; give one of them")
    if not (state or collection):
        return
    folder = absolute(state) if state else named_collection(collection or "", new).state
    for name in [name for name in os.environ if name.upper() == _VARIABLE]:
        del os.environ[name]  # whatever the letters, it is the same setting
    os.environ[_VARIABLE] = str(folder)
    named_by.set(("--state", str(folder)) if state else ("--collection", str(collection)))
