"""The full-size network against keras.applications, with one weights file in the layout of Keras's own."""

import gc
import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import h5py
import keras
import numpy as np
import pytest
from keras.applications.vgg16 import VGG16, preprocess_input
from numpy.typing import NDArray

from shared.errors import WeightsError
from worker.engine.picture.decode import decode, shrink
from worker.engine.sketch.impression import take_impression
from worker.network import vgg16
from worker.network.port import Backbone
from worker.network.precision import faster_precision
from worker.network.vgg16 import SIDE, Vgg16, layer_shapes, random_weights
from worker.network.weights import load, resolve
from worker.network.winograd import MinimalFiltering

PHOTO = files("sklearn.datasets") / "images" / "china.jpg"
BATCH = 4


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the file that keras.applications downloads: legacy HDF5, old names, the layer of 1000 classes included."""
    path = tmp_path_factory.mktemp("weights") / "vgg16.h5"
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for name, kernel in (*random_weights(), ("predictions", np.zeros((4096, 1000), np.float32))):
            bias = rng.normal(0, 1, kernel.shape[-1]).astype(np.float32)
            names = [f"{name}_W_1:0", f"{name}_b_1:0"]
            group = file.create_group(name)
            group.attrs["weight_names"] = [part.encode() for part in names]
            for part, values in zip(names, (kernel, bias), strict=True):
                group.create_dataset(part, data=values)
        file.attrs["layer_names"] = [name.encode() for name in (*layer_shapes(), "predictions")]
    return path


@pytest.fixture(scope="module")
def photos() -> NDArray[np.uint8]:
    """Nine different views of a photo, `[9, 224, 224, 3]`."""
    picture = decode(PHOTO.read_bytes(), 10**6)
    return np.stack([shrink(picture[20 * n : 220 + 20 * n, 40 * n : 300 + 40 * n], SIDE) for n in range(9)])


@pytest.fixture(scope="module")
def network(weights_file: Path) -> Backbone:
    return load(resolve(str(weights_file)), "float32", BATCH)


@pytest.fixture(scope="module")
def features(network: Backbone, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    return network.extract(photos)


def cosines(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    return (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)


def test_features_are_those_of_keras_applications(weights_file: Path, network: Backbone) -> None:
    """RGB order, preprocessing, architecture and the file's meaning, all by Keras's own functions from the file on."""
    image = keras.utils.img_to_array(keras.utils.load_img(str(PHOTO)))  # RGB, by Pillow
    small = shrink(image.astype(np.uint8), SIDE)
    whole = VGG16(weights=None)
    whole.load_weights(weights_file)
    reference = keras.Model(whole.input, whole.get_layer("fc2").output)
    expected = reference.predict_on_batch(preprocess_input(small[None].astype(np.float32)))
    swapped = reference.predict_on_batch(preprocess_input(small[None, ..., ::-1].astype(np.float32)))
    del whole, reference
    gc.collect()

    ours = network.extract(shrink(decode(PHOTO.read_bytes(), 10**6), SIDE)[None])
    assert ours.shape == (1, 4096)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-3 * expected.max())
    # Were the channels in the wrong order, it would show.
    assert np.abs(swapped - expected).max() > 0.05 * expected.max()


def test_the_layers_that_are_told_are_those_that_are_built(network: Backbone) -> None:
    """The summary is told without Keras; here Keras has the word."""
    built = network._network  # type: ignore[attr-defined]
    told = network.layers()
    ours = {layer.name for layer in told}
    shown = [layer for layer in built.layers if layer.name in ours or layer.count_params()]
    assert [
        (layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params()) for layer in shown
    ] == [(layer.name, layer.kind, layer.shape, layer.parameters) for layer in told[1:]]
    assert told[0].shape == tuple(built.input.shape[1:])
    assert sum(layer.parameters for layer in told) == built.count_params()


def test_whatever_layout_is_accepted_is_loaded(
    weights_file: Path, photos: NDArray[np.uint8], features: NDArray[np.float32], tmp_path: Path
) -> None:
    """By Keras's own loader a file without its attributes loads nothing, and all features are zero."""
    path = tmp_path / "bare.h5"
    shutil.copyfile(weights_file, path)
    with h5py.File(path, "r+") as file:
        del file.attrs["layer_names"]
        for name in layer_shapes():
            del file[name].attrs["weight_names"]
    np.testing.assert_array_equal(load(resolve(str(path)), "float32", BATCH).extract(photos[:4]), features[:4])

    with h5py.File(path, "r+") as file:
        file["fc2/fc2_b_1:0"][:] = -1e9  # no picture gets through
    with pytest.raises(WeightsError, match=r"the network gives no features with .*bare\.h5"):
        load(resolve(str(path)), "float32", BATCH)


def test_a_batch_of_any_size_gives_what_one_by_one_gives(
    network: Backbone, photos: NDArray[np.uint8], features: NDArray[np.float32]
) -> None:
    assert features.shape == (9, 4096)
    assert len(np.unique(features.round(2), axis=0)) == 9
    singly = np.concatenate([network.extract(photo[None]) for photo in photos[:3]])
    np.testing.assert_allclose(singly, features[:3], rtol=1e-3, atol=1e-3 * features.max())
    np.testing.assert_allclose(network.extract(photos[4:7]), features[4:7], rtol=1e-3, atol=1e-3 * features.max())
    assert network.extract(photos[:0]).shape == (0, 4096)


def test_bfloat16_gives_nearly_the_same_from_half_the_memory(
    weights_file: Path, photos: NDArray[np.uint8], features: NDArray[np.float32]
) -> None:
    half = Vgg16(weights_file, "bfloat16", BATCH)
    found = half.extract(photos[:2])
    assert found.dtype == np.float32
    assert cosines(found, features[:2]).min() > 0.999
    assert not np.array_equal(found, features[:2])
    assert {str(value.dtype) for value in half._network.weights} == {"bfloat16"}


def test_fewer_multiplications_give_the_same_features(
    weights_file: Path, photos: NDArray[np.uint8], features: NDArray[np.float32]
) -> None:
    many = np.concatenate([photos, photos[:, ::-1], photos[:2, :, ::-1]])
    filtering = Vgg16(weights_file, "float32", 16, filter_after=16)
    plain, found = filtering.extract(many), filtering.extract(many)
    np.testing.assert_allclose(plain[:9], features, rtol=1e-3, atol=1e-3 * features.max())
    assert not np.array_equal(found[:16], plain[:16])
    np.testing.assert_allclose(found, plain, rtol=1e-4, atol=1e-5 * plain.max())
    assert 1 - cosines(found.astype(np.float64), plain.astype(np.float64)).min() < 1e-9
    # What fills no sixteen goes as before, in the same call too.
    np.testing.assert_array_equal(found[16:], plain[16:])


@pytest.mark.parametrize(("side", "channels", "filters"), [(14, 128, 64), (28, 64, 8), (7, 3, 5), (4, 1, 1), (1, 2, 3)])
def test_minimal_filtering_is_the_convolution(side: int, channels: int, filters: int) -> None:
    """Also where the side is no multiple of a tile."""
    rng = np.random.default_rng(side)
    values = rng.normal(0, 1, (3, side, side, channels)).astype(np.float32)
    convolution = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")
    convolution.build(values.shape)
    convolution.set_weights([rng.normal(0, 1, value.shape) for value in convolution.get_weights()])
    expected = np.asarray(convolution(values))
    found = np.asarray(MinimalFiltering(convolution)(values))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_a_jpeg_decoded_at_reduced_scale_keeps_its_features(network: Backbone) -> None:
    photo = decode(PHOTO.read_bytes(), 10**6)
    squares = []
    for width, height in ((2301, 1500), (4032, 3024)):
        large = cv2.resize(photo[:, : 640 - width % 2], (width, height), interpolation=cv2.INTER_CUBIC)
        data = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
        full = cv2.resize(decode(data, 10**8), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        squares += [full, shrink(take_impression(data, 10**8).picture, SIDE)]
    found = network.extract(np.stack(squares))
    assert cosines(found[::2], found[1::2]).min() > 0.999
    assert not np.array_equal(found[::2], found[1::2])


def test_random_weights_are_the_same_everywhere() -> None:
    made = random_weights()
    name, kernel = next(made)
    assert (name, kernel.shape, kernel.dtype) == ("block1_conv1", (3, 3, 3, 64), np.float32)
    assert hashlib.sha256(kernel.tobytes()).hexdigest()[:16] == "7a948e4728e90975"
    name, kernel = next(made)
    assert hashlib.sha256(kernel.tobytes()).hexdigest()[:16] == "fc4aa8b248e78b5b"
    limit = np.sqrt(6 / (9 * 64))
    assert limit * 0.999 < np.abs(kernel).max() <= limit * 1.000001
    assert abs(kernel.mean()) < 0.01 * limit


def test_random_weights_reach_the_network_and_tell_pictures_apart(photos: NDArray[np.uint8]) -> None:
    network = load(resolve("random"), "float32", BATCH)
    found = network.extract(photos[:2])
    assert np.isfinite(found).all()
    assert (found > 0).mean() > 0.2
    assert cosines(found[:1], found[1:])[0] < 0.9999
    np.testing.assert_array_equal(network.extract(photos[:2]), found)


def test_the_faster_precision_is_found_by_trial() -> None:
    assert faster_precision() in ("float32", "bfloat16")


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, quietly."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served in the place of Keras's server, whose one file is `weights.h5`; Keras's cache is empty."""
    served, cache = tmp_path / "served", tmp_path / "cache"
    served.mkdir()
    cache.mkdir()  # Keras takes a shared place instead of one that is not there
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=served)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/weights.h5"
        monkeypatch.setattr("keras.src.applications.vgg16.WEIGHTS_PATH", url)
        monkeypatch.setattr("keras.src.utils.file_utils.config.keras_home", lambda: str(cache))
        monkeypatch.setattr(vgg16, "FILE_MD5", hashlib.md5(b"the weights").hexdigest())
        yield served
        server.shutdown()


def test_a_download_is_verified_kept_and_not_repeated(download: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (download / "weights.h5").write_bytes(b"the weights")
    path = Vgg16.download()
    assert path.is_relative_to(download.parent / "cache")
    assert path.read_bytes() == b"the weights"
    printed = capsys.readouterr()
    assert printed.out == ""  # progress goes to standard error
    assert printed.err.count("downloading the ImageNet weights, 550 MB") == 1
    (download / "weights.h5").unlink()
    assert Vgg16.download() == path
    assert capsys.readouterr().err == ""


def test_a_partial_download_is_not_taken_for_the_file(download: Path) -> None:
    (download / "weights.h5").write_bytes(b"the wei")
    with pytest.raises(WeightsError, match="could not be downloaded"):
        resolve("imagenet")
    assert resolve("auto").source == "random"
    (download / "weights.h5").write_bytes(b"the weights")
    assert Vgg16.download().read_bytes() == b"the weights"


def test_a_file_that_was_damaged_in_the_cache_is_downloaded_again(download: Path) -> None:
    (download / "weights.h5").write_bytes(b"the weights")
    path = Vgg16.download()
    path.write_bytes(b"the weigh")
    assert Vgg16.download().read_bytes() == b"the weights"


def test_without_a_server_there_is_an_error_with_its_cause(download: Path) -> None:
    with pytest.raises(WeightsError, match="404"):
        resolve("imagenet")
