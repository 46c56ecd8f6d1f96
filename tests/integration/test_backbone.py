"""Another backbone takes its own module and one line: a small one, chosen there, goes through the whole pipeline."""

import hashlib
import io
import os
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared import names
from shared.errors import WeightsError
from shared.records import Reference, State
from shared.records.layers import Layer
from shared.settings import Settings
from worker.engine.clusters.classes import Classes
from worker.engine.search.encoding import decode_features
from worker.network import weights
from worker.network.classes import NoClasses
from worker.network.port import Backbone, Precision
from worker.network.weights import resolve
from worker.pipeline.extracting.extract import extract_batches
from worker.pipeline.judging.candidates import FEW_CONTENTS
from worker.pipeline.reclustering.recluster import recluster
from worker.turn import HOLDER
from worker.workshop import Workshop


class Mosaic:
    """The colours of 5 x 5 cells of a picture: 75 features, of squares of 40 pixels."""

    side: ClassVar = 40
    dimensions: ClassVar = 75
    name: ClassVar = "mosaic/5"
    label: ClassVar = "Mosaic"
    file_name: ClassVar = "mosaic.bin"
    random_recipe: ClassVar = "none"
    warm_up: ClassVar = 0

    def __init__(self, weights_file: Path | None, precision: Precision, batch_size: int) -> None:
        self.gain = 1 if weights_file is None else weights_file.read_bytes()[0]

    def hasten(self) -> None:
        pass

    @staticmethod
    def check_file(path: Path) -> None:
        if path.stat().st_size != 1:
            raise WeightsError(f"{path} does not hold a mosaic's weights")

    @staticmethod
    def download() -> Path:
        raise WeightsError("nobody offers a mosaic's weights")

    @staticmethod
    def read_classes(path: Path) -> Classes:
        raise NoClasses("a mosaic has no classes")

    @staticmethod
    def layers() -> tuple[Layer, ...]:
        return (Layer("cells", "Mean", (75,)),)

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert pictures.shape[1:] == (self.side, self.side, 3)
        cells = pictures.reshape(len(pictures), 5, 8, 5, 8, 3).mean(axis=(2, 4), dtype=np.float32)
        return np.asarray(self.gain * cells.reshape(len(pictures), self.dimensions), np.float32)


@pytest.fixture
def mosaic(monkeypatch: pytest.MonkeyPatch) -> type[Backbone]:
    monkeypatch.setattr(weights, "BACKBONE", Mosaic)
    return Mosaic


def picture(number: int, kind: str = "PNG") -> bytes:
    """A picture like no other, of one of two families."""
    chance = np.random.default_rng(number)
    pixels = chance.integers(0, 100, (6, 8, 3), dtype=np.uint8)
    pixels[..., 0] += np.uint8(150 * (number % 2))
    out = io.BytesIO()
    Image.fromarray(pixels).resize((128, 96), Image.Resampling.BICUBIC).save(out, kind)
    return out.getvalue()


def work(workshop: Workshop, folder: Path, files: dict[str, bytes]) -> None:
    """As the feature worker and the verdict writer do."""
    references = []
    for name, data in files.items():
        (folder / name).write_bytes(data)
        status = (folder / name).stat()
        references.append(Reference(name, status.st_size, status.st_mtime_ns))
    workshop.store.mark_pending(references, time.time())
    finished = [path for outcome in extract_batches(references, workshop.extraction) for path in outcome.finished]
    workshop.writer.look(finished)


def test_a_backbone_of_other_dimensions_goes_from_files_to_verdicts_and_clusters(
    settings: Settings, mosaic: type[Backbone], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLDER, "test")
    workshop = Workshop(settings)
    assert workshop.store.take_lease(names.LEASE_VERDICTS, "test", 60)
    alone = {f"{number}.png": picture(number) for number in range(FEW_CONTENTS + 6)}
    work(workshop, settings.watch_dir, {**alone, "copy.png": picture(3), "pixels.bmp": picture(4, "BMP")})

    extractor = workshop.store.extractor()
    assert extractor
    assert extractor.label == "Mosaic, random weights"
    records = dict(zip(alone, workshop.store.records(list(alone)), strict=True))
    assert all(record and record.state is State.READY for record in records.values())
    digests = [hashlib.sha256(data).hexdigest() for data in alone.values()]
    raws = workshop.store.features(extractor.id, digests)
    assert {decode_features(raw or b"").shape for raw in raws} == {(mosaic.dimensions,)}

    assert recluster(workshop.reclustering, force=False)["outcome"] == "published"
    generation = workshop.store.generation()
    assert generation
    assert generation.k == 2
    assert len(generation.centroids) == 4 * mosaic.dimensions * generation.k
    work(workshop, settings.watch_dir, {"late.jpg": picture(5, "JPEG")})
    verdicts = {path: record.verdict for chunk in workshop.store.scan() for path, record in chunk}
    for pair, kind in ((("3.png", "copy.png"), "exact"), (("4.png", "pixels.bmp"), "identical")):
        assert {verdicts.pop(name) for name in pair} == {"unique", kind}
    assert {verdicts.pop(name) for name in ("5.png", "late.jpg")} == {"unique", "near"}
    assert {*verdicts.values()} == {"unique"}
    events = {event.path: event for _, event in workshop.store.events("0", 0)}
    assert events["late.jpg"].cluster == generation.clusters[digests[5]]


def test_its_id_and_words_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    vgg16 = resolve("random").extractor
    monkeypatch.setattr(weights, "BACKBONE", Mosaic)
    found = resolve("random").extractor
    file = tmp_path / "own.bin"
    file.write_bytes(b"\x02")
    named = resolve(str(file))
    assert len({vgg16.id, found.id, named.extractor.id}) == 3
    assert named.extractor.label == "Mosaic, weights of own.bin"
    assert weights.load(named, "float32", 4).extract(np.full((1, 40, 40, 3), 7, np.uint8))[0, 0] == 14
    with pytest.raises(WeightsError, match=r"copy mosaic\.bin here"):
        resolve("imagenet")
    file.write_bytes(os.urandom(2))
    with pytest.raises(WeightsError, match="does not hold a mosaic's weights"):
        resolve(str(file))
