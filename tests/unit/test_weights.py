"""What IMAGESIEVE_WEIGHTS comes to: which file, which id, which warning, which way out."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

from shared.errors import WeightsError
from worker.network.precision import choose_precision
from worker.network.vgg16 import Vgg16, layer_shapes
from worker.network.weights import Weights, load, resolve


def write_layers(path: Path, change: Callable[[dict[str, Any]], Any] = lambda shapes: None) -> Path:
    """A file with VGG16's layers, of each kernel one value written: HDF5 sets no room aside for the others."""
    shapes: dict[str, Any] = dict(layer_shapes())
    change(shapes)
    with h5py.File(path, "w") as file:
        for name, shape in shapes.items():
            group = file.create_group(name)
            kernel = group.create_dataset(f"{name}_W_1:0", shape, "f4", chunks=True)
            kernel[(0,) * len(shape)] = 0.5
            group.create_dataset(f"{name}_b_1:0", shape[-1:], "f4")
        file.create_group("predictions").create_dataset("predictions_W_1:0", (4096, 1000), "f4")
    return path


def offline() -> Path:
    raise WeightsError("the ImageNet weights could not be downloaded (no route to host)")


def no_download() -> Path:
    raise AssertionError("nothing may be downloaded")


def test_random_weights_need_no_network_and_say_what_they_are() -> None:
    weights = resolve("random", no_download)
    assert (weights.source, weights.path) == ("random", None)
    assert weights.extractor.weights == "random"
    assert weights.extractor.label == "VGG16 fc2, random weights"
    assert weights.extractor.warning.startswith("random weights, as IMAGESIEVE_WEIGHTS asks")
    assert len(weights.extractor.warning) <= 62
    # The same everywhere and from one version to the next, or everybody's features are computed anew.
    assert weights.extractor.id == "326e9e97314071c0"


def test_random_weights_are_resolved_without_loading_tensorflow() -> None:
    code = "import sys; from worker.network.weights import resolve; resolve('random'); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(result.stdout.split())
    assert "worker.network.weights" in modules
    assert not {"keras", "tensorflow"} & modules


def test_a_file_s_id_is_that_of_its_bytes_wherever_it_lies(tmp_path: Path) -> None:
    downloaded = write_layers(tmp_path / Vgg16.file_name)
    copy = tmp_path / "copy.h5"
    copy.write_bytes(downloaded.read_bytes())
    imagenet = resolve("imagenet", lambda: downloaded)
    named = resolve(str(copy), no_download)
    assert (imagenet.source, imagenet.path, imagenet.extractor.warning) == ("imagenet", downloaded, "")
    assert (named.source, named.path, named.extractor.warning) == ("file", copy, "")
    assert imagenet.extractor.id == named.extractor.id != resolve("random").extractor.id
    assert imagenet.extractor.label == "VGG16 fc2, ImageNet weights"
    assert "copy.h5" in named.extractor.label

    with h5py.File(copy, "r+") as file:
        file["fc2/fc2_b_1:0"][0] = 1
    assert resolve(str(copy)).extractor.id != named.extractor.id


def test_auto_takes_imagenet_where_it_can_be_had(tmp_path: Path) -> None:
    path = write_layers(tmp_path / Vgg16.file_name)
    assert resolve("auto", lambda: path) == resolve("imagenet", lambda: path)


def test_auto_falls_back_with_a_warning_and_shares_the_features_of_random() -> None:
    weights = resolve("auto", offline)
    assert weights.source == "random"
    assert weights.extractor.id == resolve("random").extractor.id
    warning = weights.extractor.warning
    assert warning.startswith("random weights, ")
    assert warning.endswith(": imagesieve weights FILE")
    assert len(warning) <= 60  # a line of any terminal
    assert weights.why == "the ImageNet weights could not be downloaded (no route to host)"
    assert warning != resolve("random").extractor.warning  # nobody asked for these


def test_without_a_download_the_ways_out_are_named() -> None:
    with pytest.raises(WeightsError) as caught:
        resolve("imagenet", offline)
    sentence = str(caught.value)
    for part in ("no route to host", "connect to the network", Vgg16.file_name, "IMAGESIEVE_WEIGHTS=random", "auto"):
        assert part in sentence


def keep_no_fc2(shapes: dict[str, Any]) -> None:
    del shapes["fc2"]


def swap_fc1(shapes: dict[str, Any]) -> None:
    shapes["fc1"] = (4096, 25088)


@pytest.mark.parametrize(("change", "layer"), [(keep_no_fc2, "fc2"), (swap_fc1, "fc1"), (dict.clear, "block1_conv1")])
def test_a_file_that_is_not_vgg16_is_refused_by_its_layers(tmp_path: Path, change: Any, layer: str) -> None:
    path = write_layers(tmp_path / "other.h5", change)
    with pytest.raises(WeightsError, match=f"other.h5 does not hold VGG16's weights: the shapes of layer {layer}"):
        resolve(str(path))


def test_a_file_without_biases_is_refused(tmp_path: Path) -> None:
    path = write_layers(tmp_path / "other.h5")
    with h5py.File(path, "r+") as file:
        del file["block3_conv2/block3_conv2_b_1:0"]
    with pytest.raises(WeightsError, match="block3_conv2"):
        resolve(str(path))


@pytest.mark.parametrize("layer", ["block1_conv1", "fc2"])
def test_a_layer_that_is_not_filled_is_refused(tmp_path: Path, layer: str) -> None:
    path = write_layers(tmp_path / "zeros.h5")
    with h5py.File(path, "r+") as file:
        kernel = file[f"{layer}/{layer}_W_1:0"]
        kernel[(0,) * kernel.ndim] = 0
    with pytest.raises(WeightsError, match=f"zeros.h5 is not filled: every value of layer {layer} is 0"):
        resolve(str(path))


@pytest.mark.parametrize(("name", "value"), [("fc2/fc2_W_1:0", math.nan), ("fc1/fc1_b_1:0", math.inf)])
def test_a_value_that_is_not_finite_is_refused(tmp_path: Path, name: str, value: float) -> None:
    path = write_layers(tmp_path / "broken.h5")
    with h5py.File(path, "r+") as file:
        file[name][(4095,) * file[name].ndim] = value
    with pytest.raises(WeightsError, match=f"broken.h5 is damaged: layer {name[:3]} holds values that are not finite"):
        resolve(str(path))


def test_a_file_that_changed_since_it_was_looked_at_is_not_loaded(tmp_path: Path) -> None:
    """Its features would be taken for another extractor's."""
    found = Weights.from_json(resolve(str(write_layers(tmp_path / "weights.h5"))).to_json())
    with h5py.File(tmp_path / "weights.h5", "r+") as file:
        file["fc2/fc2_b_1:0"][0] = 1
    with pytest.raises(WeightsError, match="has changed since it was looked at"):
        load(found, "float32", 1)


def test_the_weights_of_a_saved_model_are_found_one_level_down(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file, h5py.File(write_layers(tmp_path / "weights.h5")) as weights:
        group = file.create_group("model_weights")
        for name in weights:
            weights.copy(name, group)
    assert resolve(str(path)).source == "file"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.h5"
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    cut = tmp_path / "cut.h5"
    cut.write_bytes(write_layers(tmp_path / "whole.h5").read_bytes()[:3000])
    for path in (missing, text, cut, tmp_path):
        with pytest.raises(WeightsError, match=f"the weights file {path} cannot be read"):
            resolve(str(path))


@pytest.mark.parametrize(
    ("wanted", "flags", "gpu", "trial", "chosen"),
    [
        ("float32", {"amx_bf16"}, (9, 0), "bfloat16", "float32"),
        ("float16", set(), None, "float32", "float16"),
        ("auto", {"amx_bf16", "avx512_bf16"}, None, "float32", "bfloat16"),
        ("auto", {"avx512_bf16"}, None, "float32", "float32"),
        ("auto", {"avx512_bf16"}, None, "bfloat16", "bfloat16"),
        ("auto", {"bf16"}, None, "bfloat16", "bfloat16"),  # 64-bit Arm
        ("auto", {"avx512f"}, None, "bfloat16", "float32"),
        ("auto", set(), (8, 0), "float32", "bfloat16"),
        ("auto", {"amx_bf16"}, (7, 5), "float32", "float16"),
        ("auto", {"amx_bf16"}, (6, 1), "float32", "float32"),
    ],
)
def test_the_precision_is_that_of_the_hardware(
    wanted: str, flags: set[str], gpu: tuple[int, int] | None, trial: Any, chosen: str
) -> None:
    assert choose_precision(wanted, frozenset(flags), lambda: gpu, lambda: trial) == chosen
