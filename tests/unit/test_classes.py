"""The last layer: read from weights files of all kinds, told from one that was never trained, carried by the store."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from worker.network import weights
from worker.network.classes import NoClasses, decode_classes, encode_classes, imagenet_words, read_classes
from worker.network.weights import classes_of, resolve

DIMENSIONS = 64


def trained() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    chance = np.random.default_rng(5)
    kernel = chance.standard_normal((DIMENSIONS, 1000)).astype(np.float32)
    return kernel, chance.standard_normal(1000).astype(np.float32)


def write(path: Path, kernel: NDArray[np.float32], bias: NDArray[np.float32], layer: str = "predictions") -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group(layer)
        group.create_dataset(f"{layer}_W_1:0", data=kernel)
        group.create_dataset(f"{layer}_b_1:0", data=bias)
    return path


def test_the_words_are_a_thousand_different_ones_in_the_order_of_imagenet() -> None:
    words = imagenet_words()
    assert len({word.lower() for word in words}) == len(words) == 1000
    known = {
        0: "tench", 151: "Chihuahua", 207: "golden retriever", 281: "tabby", 388: "giant panda", 404: "airliner",
        517: "crane", 812: "space shuttle", 970: "alp", 978: "seashore", 999: "toilet tissue",
    }  # fmt: skip
    assert {index: words[index] for index in known} == known
    assert not any(word != word.strip() or "_" in word or "," in word or not word for word in words)


def test_a_layer_is_read_and_comes_back_from_its_bytes(tmp_path: Path) -> None:
    kernel, bias = trained()
    classes = read_classes(write(tmp_path / "w.h5", kernel, bias), DIMENSIONS)
    np.testing.assert_array_equal(classes.kernel, kernel)
    again = decode_classes(encode_classes(classes))
    np.testing.assert_allclose(again.kernel, kernel, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(again.bias, bias, rtol=1e-3, atol=1e-6)
    assert again.words == classes.words == imagenet_words()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda kernel, bias: (kernel[:, :10], bias[:10]), "holds no layer 'predictions' of 64 x 1,000 values"),
        (lambda kernel, bias: (kernel * np.nan, bias), "not finite"),
        (lambda kernel, bias: (kernel * 0, bias), "never trained"),
        (lambda kernel, bias: (kernel, bias * np.inf), "not finite"),
    ],
)
def test_a_layer_that_says_nothing_is_no_layer(tmp_path: Path, spoil: Callable[..., tuple], why: str) -> None:  # type: ignore[type-arg]
    path = write(tmp_path / "own weights.h5", *spoil(*trained()))
    with pytest.raises(NoClasses, match=rf"own weights\.h5.*{why}|{why}.*own weights\.h5|own weights\.h5 {why}"):
        read_classes(path, DIMENSIONS)


def test_a_file_without_the_layer_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", *trained(), layer="fc2")
    with pytest.raises(NoClasses, match="holds no layer 'predictions'"):
        read_classes(path, DIMENSIONS)


@pytest.mark.parametrize("draw", ["normal", "uniform"])
def test_a_layer_as_it_is_made_is_told_from_one_that_saw_something(tmp_path: Path, draw: str) -> None:
    """Of the size of VGG16's: shorter columns are less even by chance."""
    chance = np.random.default_rng(3)
    kernel = (chance.standard_normal if draw == "normal" else chance.random)((4096, 1000)).astype(np.float32)
    kernel = kernel if draw == "normal" else 2 * kernel - 1
    none = np.zeros(1000, np.float32)
    with pytest.raises(NoClasses, match="never trained"):
        read_classes(write(tmp_path / "fresh.h5", kernel, none), 4096)
    read_classes(write(tmp_path / "biased.h5", kernel, none + np.float32(0.1) * (np.arange(1000) == 7)), 4096)
    alike = kernel.copy()
    alike[:, 1] = 0.5 * alike[:, 0] + np.sqrt(0.75) * alike[:, 1]
    read_classes(write(tmp_path / "alike.h5", alike, none), 4096)
    longer = kernel * np.where(np.arange(1000) == 3, 1.5, 1).astype(np.float32)
    read_classes(write(tmp_path / "longer.h5", longer, none), 4096)


@pytest.mark.parametrize(
    "raw", [b"", b"x", encode_classes(NoClasses("x"))[:-1], encode_classes(NoClasses("x")) + b"\nrest"]
)
def test_what_nobody_published_or_is_damaged_says_what_to_do(raw: bytes) -> None:
    with pytest.raises(NoClasses, match=r"no feature worker has published .*start it again"):
        decode_classes(raw)


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    raw = bytearray(encode_classes(read_classes(write(tmp_path / "w.h5", *trained()), DIMENSIONS)))
    raw[-9] ^= 4
    with pytest.raises(NoClasses, match="no feature worker"):
        decode_classes(bytes(raw))


def test_random_weights_say_that_they_know_nothing() -> None:
    with pytest.raises(NoClasses, match="random weights have learnt no classes"):
        decode_classes(classes_of(resolve("random")))


def test_the_reason_why_a_file_has_none_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "w.h5", *trained(), layer="fc2")
    monkeypatch.setattr(weights.BACKBONE, "check_file", lambda path: None)
    with pytest.raises(NoClasses, match=r"w\.h5 holds no layer 'predictions' of 4,096 x 1,000"):
        decode_classes(classes_of(resolve(str(path))))
