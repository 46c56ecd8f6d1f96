"""The command that shows the settings."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared.cli.place import named_by
from shared.cli.terminal import FILE_WIDTH, emit, shown
from shared.errors import SettingsError
from shared.settings import PREFIX, Loaded, Settings, in_words, load_with_origins
from shared.settings.faults import nearest
from shared.settings.sources import is_there


def settings(
    names: Annotated[list[str] | None, typer.Argument(help="only these settings")] = None,
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Show each setting, its value, and where that comes from; passwords are left out.

    The first of these that names a setting counts: the command line, the environment, config.toml in the state folder,
    your own ~/.config/imagesieve/config.toml, the default. Examples:

      imagesieve settings

      imagesieve settings exclude recluster_memory
    """
    wanted = [_name(word) for word in names or Settings.model_fields]
    loaded = load_with_origins()
    rows = [
        {
            "name": name,
            "variable": PREFIX + name.upper(),
            "value": in_words(name, getattr(loaded.settings, name)),
            "from": _origin(name, loaded),
        }
        for name in wanted
    ]
    files = [{"file": str(file), "there": is_there(file)} for file in loaded.files]
    if json:
        emit({"settings": rows, "files": files})
    else:
        _print(rows, loaded)


def _name(word: str) -> str:
    """A setting as it is called in the environment or in a file. Raises SettingsError."""
    name = word.lower().replace("-", "_").removeprefix(PREFIX.lower())
    if name in Settings.model_fields:
        return name
    close = nearest(name, Settings.model_fields)
    raise SettingsError(
        f"{word!a} is no setting of this version" + (f"; did you mean {close}?" if close else "; leave it out for all")
    )


def _origin(name: str, loaded: Loaded) -> str:
    option = named_by.get()
    return option[0] if option and name == "state_dir" else loaded.origins[name]


def _print(rows: list[dict[str, Any]], loaded: Loaded) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold")
    for row in rows:
        table.add_row(row["name"], shown(row["value"]), shown(row["from"]))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(table)
    for file in loaded.files:
        console.print(f"{shown(str(file))}: {'read' if is_there(file) else 'not there'}", soft_wrap=True)
