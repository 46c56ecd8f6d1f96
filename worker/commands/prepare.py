"""`python -m worker.commands.prepare`: make sure of the weights first, and publish whose features count.

Prints which weights they are, for the worker that loads them (names.WEIGHTS_FOUND): a download is tried once, here.
For `imagesieve doctor`, as JSON and without publishing anything: `--check` loads Keras too and prints what it finds,
`--model` prints the layers of the network.
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
from worker.network.weights import BACKBONE, Weights, classes_of, resolve

logger = logging.getLogger(__name__)


def prepare() -> Weights:
    """Resolve the weights and publish their extractor; waits for Redis. Raises WeightsError."""
    settings = load_settings()
    configure_logging(settings.log_level)
    weights = resolve(settings.weights)
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
        wanted = load_settings().weights
        extractor = resolve(wanted).extractor
        found |= {"weights": extractor.label, "warning": extractor.warning}
        if wanted == "auto":
            found["error"] = extractor.warning  # random ones instead of what was wanted
    except ImagesieveError as error:
        found["error"] = str(error)
    return found


def describe(layer: Layer) -> dict[str, Any]:
    """A layer as `imagesieve doctor --model --json` prints it."""
    return {"name": layer.name, "kind": layer.kind, "shape": layer.shape, "parameters": layer.parameters}


def main(arguments: list[str]) -> int:
    """Exit status 1 with a sentence when the weights cannot be had."""
    try:
        if arguments == ["--check"]:
            print(json.dumps(check()))
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
