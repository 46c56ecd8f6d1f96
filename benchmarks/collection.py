"""A large collection in Redis without its files: what a store holds after a feature worker and the verdict writer."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import redis

from benchmarks.pictures import make_pictures
from benchmarks.textures import make_textures
from shared.records import Extractor, ImageFacts, Record, State, Verdict
from shared.store import keys
from worker.engine.picture.decode import decode
from worker.engine.search.encoding import Encoding, encode
from worker.engine.sketch.sketch import Sketch, describe
from worker.network.weights import BACKBONE

EXTRACTOR = Extractor("0" * 16, "random", "synthetic features")
CHUNK = 1000
PHOTOS = 21  # whose spectra the made pictures have
SIDES = (1024, 768)
_ROWS = 20_000  # different features; larger collections repeat them
_FACTORS = 512  # the variance of fc2 activations over photos falls about as 1 / rank


@dataclass(frozen=True)
class Content:
    """One image as a feature worker leaves it."""

    path: str
    digest: str
    features: bytes
    sketch: bytes


class Collection:
    """Makes images: features with a falling spectrum, sketches mixed from those of made pictures. Seeded."""

    def __init__(self, folder: Path, pictures: int, arriving: int, encoding: Encoding = "float16") -> None:
        """pictures: that are really made and described, 40 ms each; arriving: so many more, of which nothing is in any
        other. encoding: of the features.
        """
        self._encoding = encoding
        self._rows: list[bytes] = []
        self._chance = np.random.default_rng(0)
        scale = np.arange(1, _FACTORS + 1, dtype=np.float32) ** -0.5
        self._factors = self._chance.standard_normal((_FACTORS, BACKBONE.dimensions), dtype=np.float32) * scale[:, None]
        photos = make_pictures(folder / "photos", PHOTOS)
        made = make_textures(photos, folder / "textures", arriving + pictures, SIDES)
        described = [describe(decode(path.read_bytes(), 10**8)) for path in made]
        self._arriving, self.sketches = described[:arriving], described[arriving:]
        self._descriptors = np.concatenate([sketch.keypoints.descriptors for sketch in self.sketches])

    def mixed(self, first: int, count: int) -> list[Content]:
        """Images `first` on, none like another: keypoints drawn from all pictures, one bit in eight flipped."""
        most = max(len(sketch.keypoints) for sketch in self.sketches)
        shape = (3, count, most, self._descriptors.shape[1])
        flips = np.bitwise_and.reduce(self._chance.integers(0, 256, shape, dtype=np.uint8))
        drawn = self._chance.integers(0, len(self._descriptors), (count, most))
        descriptors = self._descriptors[drawn] ^ flips
        sketches = []
        for offset in range(count):
            like = self.sketches[(first + offset) % len(self.sketches)]
            kept = replace(like.keypoints, descriptors=descriptors[offset, : len(like.keypoints)])
            sketches.append(replace(like, keypoints=kept))
        return self._contents(first, sketches, "camera")

    def strangers(self) -> list[Content]:
        """The arriving pictures as they are: of none is anything in another, or in the collection."""
        return self._contents(0, self._arriving, "arrived")

    def _contents(self, first: int, sketches: Sequence[Sketch], word: str) -> list[Content]:
        if len(self._rows) < _ROWS:
            loads = self._chance.standard_normal((len(sketches), _FACTORS), dtype=np.float32)
            self._rows += encode(np.maximum(loads @ self._factors + 0.5, 0), self._encoding)
        return [
            Content(
                f"2026/11/23/{word}-{first + offset:012}-original.jpg",
                hashlib.sha256(f"{word} {first + offset}".encode()).hexdigest(),
                self._rows[(first + offset) % len(self._rows)],
                sketch.to_bytes(),
            )
            for offset, sketch in enumerate(sketches)
        ]


def put(client: redis.Redis, contents: Sequence[Content], verdict: str, extractor: str = EXTRACTOR.id) -> None:
    """Store images as ready, with this verdict, in one pipeline. extractor: whose features they are said to have."""
    since = time.time()
    with client.pipeline(transaction=False) as pipe:
        for number, content in enumerate(contents):
            facts = ImageFacts(4000, 3000, hashlib.sha256(content.digest.encode()).hexdigest())
            record = Record(
                3_456_789 + number,
                1_764_000_000_123_456_789,
                State.READY,
                since,
                content.digest,
                4000,
                3000,
                extractor,
                verdict,
            )
            pipe.set(keys.key_features(extractor, content.digest), content.features)
            pipe.set(keys.key_sketch(content.digest), content.sketch)
            pipe.set(keys.key_image(content.digest), facts.to_json())
            pipe.hset(keys.KEY_RECORDS, content.path, record.to_json())
        pipe.execute()


def fill(client: redis.Redis, collection: Collection, first: int, last: int) -> None:
    """Bring the collection from `first` to `last` images, each unique."""
    for start in range(first, last, CHUNK):
        put(client, collection.mixed(start, min(CHUNK, last - start)), Verdict.UNIQUE)


def remove(client: redis.Redis, contents: Sequence[Content]) -> None:
    """Take images out again, with every match."""
    with client.pipeline(transaction=False) as pipe:
        for content in contents:
            pipe.hdel(keys.KEY_RECORDS, content.path)
            pipe.delete(
                keys.key_features(EXTRACTOR.id, content.digest),
                keys.key_sketch(content.digest),
                keys.key_image(content.digest),
            )
        pipe.delete(keys.KEY_MATCHES)
        pipe.execute()
