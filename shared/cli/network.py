"""The network that describes pictures, as its summary lists it."""

import json as json_
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.cli.terminal import emit
from shared.errors import PermanentError


def read_layers() -> list[dict[str, Any]]:
    """The layers, by a process of its own, which knows them: `name`, `kind`, `shape`, `parameters` of each."""
    command = [sys.executable, "-m", "worker.commands.prepare", "--model"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        complaint = ended.stderr.strip()[-300:]
        raise PermanentError(f"the network could not be described; install imagesieve again: {complaint}")
    layers: list[dict[str, Any]] = json_.loads(ended.stdout)
    return layers


def show_model(layers: list[dict[str, Any]], json: bool) -> None:
    """Print them, as Keras's own summary does."""
    if json:
        emit(layers)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("layer")
    table.add_column("kind")
    table.add_column("output of a picture")
    table.add_column("parameters", justify="right")
    for layer in layers:
        shape = " x ".join(map(str, layer["shape"]))
        table.add_row(layer["name"], layer["kind"], shape, f"{layer['parameters']:,}")
    table.add_section()
    table.add_row("total", "", "", f"{sum(layer['parameters'] for layer in layers):,}")
    Console().print(table, markup=False)
