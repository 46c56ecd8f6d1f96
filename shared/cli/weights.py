"""The command that checks weights and remembers them for the collection."""

import json as json_
import os
import subprocess
import sys
from typing import Annotated, Any

import typer

from shared.chosen_weights import remember_weights, remembered_weights
from shared.cli.terminal import emit, say, shown
from shared.errors import PermanentError
from shared.settings import Settings, load_settings


def weights(
    file: Annotated[
        str, typer.Argument(help="Keras's VGG16 weights file (.h5), or imagenet, random, auto; if left out, say which")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Check a weights file, by loading the network with it, and take it for this collection from the next start on.

    The file is used where it lies. With other weights every picture is described anew. `auto`: ImageNet's, or random
    ones where those cannot be downloaded. Examples:

      imagesieve weights ~/Downloads/vgg16_weights_tf_dim_ordering_tf_kernels.h5

      imagesieve weights
    """
    settings = load_settings()
    said = "weights" in settings.model_fields_set and settings.weights != "auto"
    if not file:
        chosen = choose_weights(settings, "auto").weights
        emit({"weights": chosen}) if json else print(shown(chosen))
        return
    # As a setting that is given: a word, or a file that becomes absolute here.
    settings = load_settings(weights=os.path.expanduser(file))  # noqa: PTH111 - it may be a word
    say("loading the network with these weights")
    found = _load(settings.environment())
    remember_weights(settings.state_dir, settings.weights)
    if json:
        emit({"weights": settings.weights, **found})
    else:
        print(found["label"])
    if found["warning"]:
        say(f"warning: {found['warning']}")
    elif found["nameless"]:
        say(f"clusters will have no names: {found['nameless']}")
    say(f"remembered in {settings.state_dir}; `imagesieve up` uses them from its next start on")
    if said:
        say("warning: the setting `weights` has a value already, which counts first: `imagesieve settings weights`")


def choose_weights(settings: Settings, otherwise: str) -> Settings:
    """The settings with weights: those that are set, else those remembered, else `otherwise`. `auto` leaves it open."""
    is_set = "weights" in settings.model_fields_set
    if is_set and settings.weights != "auto":
        return settings
    found = remembered_weights(settings.state_dir) or (settings.weights if is_set else otherwise)
    return settings.model_copy(update={"weights": found})


def _load(environment: dict[str, str]) -> dict[str, Any]:
    """What a process of its own says of the weights once it has the network loaded: `label`, `warning`, `nameless`."""
    command = [sys.executable, "-m", "worker.commands.prepare", "--load"]
    ended = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode == 1:
        raise typer.Exit(1)  # it said why
    if ended.returncode:
        raise PermanentError(f"the network ended with status {ended.returncode}; no weights were chosen")
    found: dict[str, Any] = json_.loads(ended.stdout)
    return found
