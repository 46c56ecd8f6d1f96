"""From a weights file with a last layer to names in a report: what `imagesieve up` prepares, a recluster run reads."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from shared.settings import Settings
from shared.store import RedisStore
from tests.unit.test_weights import write_layers
from worker.network.classes import NoClasses, decode_classes, imagenet_words


def prepare(settings: Settings, weights: str) -> RedisStore:
    environment = {**os.environ, **settings.environment(), "IMAGESIEVE_WEIGHTS": weights}
    subprocess.run([sys.executable, "-m", "worker.commands.prepare"], env=environment, check=True, capture_output=True)
    return RedisStore.connect(settings.store)


def test_the_last_layer_of_a_weights_file_reaches_the_store(settings: Settings, tmp_path: Path) -> None:
    path = write_layers(tmp_path / "own.h5")
    with h5py.File(path, "r+") as file:
        del file["predictions"]
        group = file.create_group("predictions")
        kernel = np.zeros((4096, 1000), np.float32)
        kernel[17, 388] = 0.25
        group.create_dataset("predictions_W_1:0", data=kernel)
        group.create_dataset("predictions_b_1:0", data=np.arange(1000, dtype=np.float32))
    store = prepare(settings, str(path))
    extractor = store.extractor()
    assert extractor
    found = decode_classes(store.classes(extractor.id))
    assert (found.kernel[17, 388], found.kernel.sum()) == (0.25, 0.25)
    assert found.bias[999] == 999
    assert found.words == imagenet_words()

    store = prepare(settings, "random")
    again = store.extractor()
    assert again
    assert store.classes(extractor.id) == b""
    with pytest.raises(NoClasses, match="random weights have learnt no classes"):
        decode_classes(store.classes(again.id))


def test_a_file_with_an_empty_last_layer_has_no_classes(settings: Settings, tmp_path: Path) -> None:
    store = prepare(settings, str(write_layers(tmp_path / "own.h5")))
    extractor = store.extractor()
    assert extractor
    with pytest.raises(NoClasses, match=r"own\.h5"):
        decode_classes(store.classes(extractor.id))
