"""Features and facts of pictures, by digest, in Redis."""

from collections.abc import Sequence

from shared import names
from shared.errors import CorruptValue
from shared.records import Extractor, ImageFacts
from shared.store.port import Image
from shared.store.redis_client import CHUNK, RedisPart, speaking


class RedisImages(RedisPart):
    """The part of the store that knows pictures."""

    def facts(self, extractor_id: str, digests: Sequence[str]) -> list[ImageFacts | None]:
        if not digests:
            return []
        with speaking(), self._redis.pipeline(transaction=False) as pipe:
            for digest in digests:
                pipe.get(names.key_image(digest))
                pipe.exists(names.key_features(extractor_id, digest))
                pipe.persist(names.key_features(extractor_id, digest))
                pipe.persist(names.key_image(digest))
            replies = pipe.execute()
        return [
            _facts(raw) if raw and exists else None for raw, exists in zip(replies[::4], replies[1::4], strict=True)
        ]

    def features(self, extractor_id: str, digests: Sequence[str]) -> list[bytes | None]:
        found: list[bytes | None] = []
        for start in range(0, len(digests), CHUNK):
            keys = [names.key_features(extractor_id, digest) for digest in digests[start : start + CHUNK]]
            with speaking():
                found += self._redis.mget(keys)
        return found

    def put_images(self, extractor_id: str, images: Sequence[Image]) -> None:
        if not images:
            return
        with speaking(), self._redis.pipeline(transaction=False) as pipe:
            for digest, facts, encoded in images:
                pipe.set(names.key_features(extractor_id, digest), encoded)
                pipe.set(names.key_image(digest), facts.to_json())
            pipe.execute()

    def expire_features(self, live: frozenset[str], seconds: float) -> int:
        marked = 0
        for pattern in (names.key_features("*", "*"), names.key_image("*")):
            cursor = 0
            while True:
                with speaking():
                    cursor, keys = self._redis.scan(cursor, match=pattern, count=CHUNK)
                    dead = [key for key in keys if key.rsplit(b":", 1)[1].decode() not in live]
                    marked += self._expire(dead, max(1, int(seconds)))
                if cursor == 0:
                    break
        return marked

    def _expire(self, keys: Sequence[bytes], seconds: int) -> int:
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.ttl(key)
            # EXPIRE ... NX needs Redis 7; the embedded server is 6.2.
            fresh = [key for key, left in zip(keys, pipe.execute(), strict=True) if left == -1]
            for key in fresh:
                pipe.expire(key, seconds)
            pipe.execute()
        return len(fresh)

    def publish_extractor(self, extractor: Extractor) -> None:
        with speaking():
            self._redis.set(names.KEY_EXTRACTOR, extractor.to_json())

    def extractor(self) -> Extractor | None:
        with speaking():
            raw = self._redis.get(names.KEY_EXTRACTOR)
        try:
            return Extractor.from_json(raw) if raw else None
        except CorruptValue:
            return None


def _facts(raw: bytes) -> ImageFacts | None:
    try:
        return ImageFacts.from_json(raw)
    except CorruptValue:
        return None
