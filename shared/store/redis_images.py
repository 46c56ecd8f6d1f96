"""Features and facts of pictures, by digest, in Redis."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from shared.errors import CorruptValue
from shared.records import Extractor, ImageFacts, Match, Pair, Record
from shared.records.calibration import Calibration
from shared.store import keys
from shared.store.image_roles import Image
from shared.store.redis_client import CHUNK, RedisPart

# Keeps three values of each picture from expiring: facts, features, sketch. Gives the facts where all three are there.
# MGET, unlike GET, takes a key of another type for none.
_FACTS: Final = """
local facts = {}
for i = 1, #KEYS, 3 do
  for j = i, i + 2 do redis.call('PERSIST', KEYS[j]) end
  local found = redis.call('EXISTS', KEYS[i + 1], KEYS[i + 2]) == 2 and redis.call('MGET', KEYS[i])[1]
  facts[#facts + 1] = found or ''
end
return facts
"""


class RedisImages(RedisPart):
    """The roles Images, Pairs and Extractors, over Redis."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._whole = client.register_script(_FACTS)

    def facts(self, extractor_id: str, digests: Sequence[str]) -> list[ImageFacts | None]:
        found: list[ImageFacts | None] = []
        for start in range(0, len(digests), CHUNK):
            part = digests[start : start + CHUNK]
            keys = [key for digest in part for key in _keys(extractor_id, digest)]
            with self._speaking():
                found += [_facts(raw) for raw in self._whole(keys=keys)]
        return found

    def features(self, extractor_id: str, digests: Sequence[str]) -> list[bytes | None]:
        return self._get([keys.key_features(extractor_id, digest) for digest in digests])

    def sketches(self, digests: Sequence[str]) -> list[bytes | None]:
        return self._get([keys.key_sketch(digest) for digest in digests])

    def pixels(self, digests: Sequence[str]) -> list[str]:
        return [facts.pixels if facts else "" for facts in self.about(digests)]

    def about(self, digests: Sequence[str]) -> list[ImageFacts | None]:
        return [_facts(raw) for raw in self._get([keys.key_image(digest) for digest in digests])]

    def _get(self, keys: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for start in range(0, len(keys), CHUNK):
            with self._speaking():
                found += self._redis.mget(keys[start : start + CHUNK])
        return found

    def put_images(self, extractor_id: str, images: Sequence[Image]) -> None:
        if not images:
            return
        with self._speaking(), self._redis.pipeline(transaction=False) as pipe:
            for digest, facts, encoded, sketch in images:
                pipe.set(keys.key_features(extractor_id, digest), encoded)
                pipe.set(keys.key_sketch(digest), sketch)
                pipe.set(keys.key_image(digest), facts.to_json())
            pipe.execute()

    def drop_images(self, extractor_id: str, digests: Sequence[str]) -> None:
        for start in range(0, len(digests), CHUNK):
            part = digests[start : start + CHUNK]
            with self._speaking():
                self._redis.unlink(*(key for digest in part for key in _keys(extractor_id, digest)))

    def put_matches(self, matches: Mapping[Pair, Match]) -> None:
        if matches:
            values = {" ".join(pair): match.to_json() for pair, match in matches.items()}
            with self._speaking():
                self._redis.hset(keys.KEY_MATCHES, mapping=values)

    def find_matches(self, pairs: Sequence[Pair]) -> list[Match | None]:
        if not pairs:
            return []
        with self._speaking():
            raws = self._redis.hmget(keys.KEY_MATCHES, [" ".join(pair) for pair in pairs])
        return [_match(raw) for raw in raws]

    def matches(self) -> Iterator[tuple[Pair, Match]]:
        for part in self._in_parts(self._redis.hscan_iter(keys.KEY_MATCHES, count=CHUNK)):
            damaged = []
            for name, raw in part:
                pair, found = _pair(name), _match(raw)
                if pair and found:
                    yield pair, found
                else:
                    damaged.append(name)
            if damaged:
                with self._speaking():
                    self._redis.hdel(keys.KEY_MATCHES, *damaged)

    def drop_matches(self, pairs: Sequence[Pair]) -> None:
        if pairs:
            with self._speaking():
                self._redis.hdel(keys.KEY_MATCHES, *(" ".join(pair) for pair in pairs))

    def expire_features(self, extractor_id: str, seconds: float) -> int:
        # A record that comes after the first look is in the second; one that comes after that has been kept by
        # `complete`, and nothing is marked any more.
        live = self._digests()
        marked = self._expire_all(extractor_id, live, max(1, int(seconds)))
        self._persist(extractor_id, self._digests())
        return marked

    def _digests(self) -> frozenset[str]:
        return frozenset(record.digest for chunk in self.scan() for _, record in chunk if record.digest)

    def _expire_all(self, extractor_id: str, live: frozenset[str], seconds: int) -> int:
        marked, features = 0, keys.key_features("", "")[:-1].encode()
        current = keys.key_features(extractor_id, "").encode()
        for pattern in (keys.key_features("*", "*"), keys.key_image("*"), keys.key_sketch("*")):
            for found in self._in_parts(self._redis.scan_iter(match=pattern, count=CHUNK)):
                dead = [
                    key
                    for key in found
                    if key.rsplit(b":", 1)[1].decode("ascii", "replace") not in live
                    or (key.startswith(features) and not key.startswith(current))
                ]
                marked += self._expire(dead, seconds)
        return marked

    def _persist(self, extractor_id: str, live: Collection[str]) -> None:
        """Keep what is known of these pictures from expiring, whoever marked it, an earlier version too."""
        digests = list(live)
        for start in range(0, len(digests), CHUNK):
            with self._speaking(), self._redis.pipeline(transaction=False) as pipe:
                for digest in digests[start : start + CHUNK]:
                    for key in _keys(extractor_id, digest):
                        pipe.persist(key)
                pipe.execute()

    def _expire(self, keys: Sequence[bytes], seconds: int) -> int:
        with self._speaking(), self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.ttl(key)
            # EXPIRE ... NX needs Redis 7; the embedded server is 6.2.
            fresh = [key for key, left in zip(keys, pipe.execute(), strict=True) if left == -1]
            for key in fresh:
                pipe.expire(key, seconds)
            pipe.execute()
        return len(fresh)

    def scan(self) -> Iterator[list[tuple[str, Record]]]:
        """See the port; the part that knows files has it."""
        raise NotImplementedError

    def publish_extractor(self, extractor: Extractor, classes: bytes = b"") -> None:
        with self._speaking():
            self._redis.mset({keys.KEY_EXTRACTOR: extractor.to_json(), keys.KEY_CLASSES: classes})

    def extractor(self) -> Extractor | None:
        with self._speaking():
            return _extractor(self._redis.get(keys.KEY_EXTRACTOR))

    def classes(self, extractor_id: str) -> bytes:
        with self._speaking():
            raw, classes = self._redis.mget(keys.KEY_EXTRACTOR, keys.KEY_CLASSES)
        extractor = _extractor(raw)
        return classes or b"" if extractor and extractor.id == extractor_id else b""

    def put_thresholds(self, extractor_id: str, calibration: Calibration) -> None:
        with self._speaking():
            self._redis.hset(keys.KEY_THRESHOLDS, extractor_id, calibration.to_json())

    def thresholds(self, extractor_id: str) -> Calibration | None:
        with self._speaking():
            raw = self._redis.hget(keys.KEY_THRESHOLDS, extractor_id)
        return Calibration.from_json(raw) if raw else None


def _keys(extractor_id: str, digest: str) -> tuple[str, str, str]:
    """Everything that is stored of a picture, its facts first."""
    return keys.key_image(digest), keys.key_features(extractor_id, digest), keys.key_sketch(digest)


def _extractor(raw: bytes | None) -> Extractor | None:
    try:
        return Extractor.from_json(raw) if raw else None
    except CorruptValue:
        return None


def _pair(name: bytes) -> Pair | None:
    one, _, other = name.decode("ascii", "replace").partition(" ")
    return (one, other) if one and other else None


def _match(raw: bytes | None) -> Match | None:
    try:
        return Match.from_json(raw) if raw else None
    except CorruptValue:
        return None  # recluster verifies it anew where a verdict rests on it


def _facts(raw: bytes | None) -> ImageFacts | None:
    try:
        return ImageFacts.from_json(raw) if raw else None
    except CorruptValue:
        return None
