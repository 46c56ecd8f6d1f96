"""`python -m worker.commands.prepare`: make sure of the weights first, and publish whose features count.

Prints which weights they are, for the worker that loads them (names.WEIGHTS_FOUND): a download is tried once, here.
As JSON and without publishing anything: for `imagesieve doctor` `--check` loads Keras too and prints what it finds,
`--model` prints the layers of the network; for `imagesieve weights` `--load` loads the network with the weights.
"""

import json
import logging
import sys
from typing import Any

from tenacity import Retrying, before_sleep_log, retry_if_exception_type, wait_exponential

from shared.errors import ImagesieveError, Unavailable
from shared.logs import configure_logging
from shared.records.layers import Layer
from shared.settings import load_settings
from shared.store import RedisStore
from worker.network.backend import describe_backend
from worker.network.classes import NoClasses, decode_classes
from worker.network.weights import BACKBONE, Weights, classes_of, load, resolve

logger = logging.getLogger(__name__)


def prepare() -> Weights:
    """Resolve the weights and publish their extractor; waits for Redis. Raises WeightsError."""
    settings = load_settings()
    configure_logging(settings.log_level)
    weights = resolve(settings.weights)
    if weights.why:
        print(f"imagesieve: {weights.why}", file=sys.stderr, flush=True)
    patience = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential(0.2, max=10),
        before_sleep=before_sleep_log(logger, logging.WARNING),
    )
    patience(RedisStore.connect(settings.store).publish_extractor, weights.extractor, classes_of(weights))
    return weights


def check() -> dict[str, str]:
    """What Keras and its backend find on this machine, what IMAGESIEVE_WEIGHTS comes to, and what is wrong there."""
    found = {**describe_backend(), "weights": "", "warning": "", "error": ""}
    try:
        weights = resolve(load_settings().weights)
        found |= {"weights": weights.extractor.label, "warning": weights.extractor.warning}
        if weights.why:  # random ones instead of what was wanted
            found["error"] = f"{weights.why}; {weights.extractor.warning}"
    except ImagesieveError as error:
        found["error"] = str(error)
    return found


def try_out() -> dict[str, str]:
    """Load the network with the weights that are set, as the feature worker does; what was found. Raises WeightsError.

    nameless: why clusters will have no names, "" where they will. Takes 2 GiB of memory for some seconds.
    """
    settings = load_settings()
    weights = resolve(settings.weights)
    load(weights, settings.precision, 1)
    nameless = ""
    try:
        decode_classes(classes_of(weights))
    except NoClasses as error:
        nameless = str(error)
    return {"label": weights.extractor.label, "warning": weights.extractor.warning, "nameless": nameless}


def describe(layer: Layer) -> dict[str, Any]:
    """A layer as `imagesieve doctor --model --json` prints it."""
    return {"name": layer.name, "kind": layer.kind, "shape": layer.shape, "parameters": layer.parameters}


def main(arguments: list[str]) -> int:
    """Exit status 1 with a sentence when the weights cannot be had."""
    try:
        if arguments == ["--check"]:
            print(json.dumps(check()))
        elif arguments == ["--load"]:
            print(json.dumps(try_out()))
        elif arguments == ["--model"]:
            print(json.dumps([describe(layer) for layer in BACKBONE.layers()]))
        else:
            print(prepare().to_json())
    except ImagesieveError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
