"""`python -m worker.commands.check IMAGE...`: what an image would be in the collection, without adding it.

Prints a line of JSON for each image. Changes nothing; needs no worker, only Redis.
"""

import hashlib
import json
import sys
import time
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import ImagesieveError, PermanentError, UnreadableImage
from shared.failures import FailureKind
from shared.records import Event, Match, Record, State, Verdict
from shared.settings import load_settings
from worker.libraries import prepare_libraries
from worker.network.backend import load_backend
from worker.pipeline.judging.collection import CANDIDATES
from worker.pipeline.members import make_event
from worker.workshop import Workshop

if TYPE_CHECKING:
    from worker.network.port import Network
    from worker.pipeline.comparison import File


class Checker:
    """The collection as it is now, and the network. Loading both takes seconds, and longer for a large collection."""

    def __init__(self, workshop: Workshop) -> None:
        from worker.pipeline.judging.candidates import ContentIndex
        from worker.pipeline.judging.collection import Collection
        from worker.pipeline.judging.nearest import NearestCluster

        extractor = workshop.store.extractor()
        if extractor is None:
            raise PermanentError("there is no collection yet: start with `imagesieve up FOLDER`")
        self._workshop = workshop
        self._extractor_id = extractor.id
        self._index = ContentIndex(workshop.store, extractor.id)
        self._clusters = NearestCluster(workshop.store, extractor.id)
        self._comparison = workshop.comparison()
        self._collection = Collection(workshop.store, self._index, workshop.snapshot(extractor.id))
        self._collection.follow()

    def check(self, path: Path) -> Event:
        """The verdict that the image at `path` would get. A file without a picture is `failed`, with the reason.

        Raises UnreadableImage where there is no file to look at.
        """
        data = read_image(path, self._workshop.settings.max_bytes)
        record = Record(len(data), 0, State.READY, digest=hashlib.sha256(data).hexdigest())
        try:
            return self._compare(path, record, data)
        except UnreadableImage as error:
            return failed(path, str(error), record.digest)

    def _compare(self, path: Path, record: Record, data: bytes) -> Event:
        from worker.engine.groups.verified import tell_kind
        from worker.engine.matching.verify import FINE_SIDE
        from worker.engine.picture.decode import Picture, decode_reduced, shrink
        from worker.engine.picture.scaling import no_larger
        from worker.engine.sketch.impression import take_impression

        held = self._collection.holder_of(record.digest)
        if held is not None:
            [placement] = self._clusters([record.digest])
            kind, match = tell_kind(record.digest, record.digest, {}, None)
            return _event(path, record.with_verdict(kind, held.path, match.similarity, match.reason), placement.cluster)
        max_pixels = self._workshop.settings.max_pixels
        seen = take_impression(data, max_pixels)
        [features] = self._network.extract(shrink(seen.shown, self._network.side)[None])

        def picture() -> Picture:
            return no_larger(decode_reduced(data, max_pixels).picture, FINE_SIDE)

        def compare(candidate: "File") -> Match | None:
            found = self._comparison.compare_sketch(candidate, seen.sketch, picture, seen.facts.holds)
            return Match(found.similarity, found.reason, found.relation, found.share) if found else None

        found, matches = self._collection.find_keeper(
            seen.facts.pixels,
            lambda keeper_of: self._index.nearest(features, seen.sketch, keeper_of, CANDIDATES),
            lambda digests: self._comparison.screen_sketch(digests, seen.sketch),
            compare,
        )
        if found is None:
            return _event(path, self._unique(record, matches), self._clusters.of(features).cluster)
        [placement] = self._clusters([found])
        compared = matches.get(found)  # none where the pixels are the same
        pixels = {} if compared else dict.fromkeys((found, record.digest), seen.facts.pixels)
        keeper = self._collection.keeper_file(found)
        holds = {found: keeper.record.holds, record.digest: seen.facts.holds}
        kind, match = tell_kind(found, record.digest, pixels, compared, holds)
        return _event(path, record.with_verdict(kind, keeper.path, match.similarity, match.reason), placement.cluster)

    def _unique(self, record: Record, matches: dict[str, Match]) -> Record:
        of = self._collection.find_original(matches)
        if of is None:
            return record.with_verdict(Verdict.UNIQUE)
        path, match = self._collection.keeper_file(of).path, matches[of]
        return record.with_verdict(Verdict.UNIQUE, "", match.similarity, match.reason, path, match.share)

    @cached_property
    def _network(self) -> "Network":
        """Loaded, in seconds, only for pictures whose bytes the collection does not have."""
        _say("loading the network")
        load_backend()
        return self._workshop.extraction_for(self._extractor_id).network


def read_image(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file, which may lie anywhere. Raises UnreadableImage where it cannot be read, or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"cannot be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise UnreadableImage(
            FailureKind.TOO_LARGE,
            f"is too large: more than {max_bytes} bytes, which is what IMAGESIEVE_MAX_BYTES allows",
        )
    return data


def failed(path: Path, reason: str, digest: str = "") -> Event:
    """The verdict on a file that cannot be compared with anything."""
    record = Record(0, 0, State.FAILED, digest=digest, reason=reason, verdict=Verdict.FAILED)
    return _event(path, record, None)


def _event(path: Path, judged: Record, cluster: int | None) -> Event:
    return make_event(str(path), judged, cluster, time.time())


def _say(sentence: str) -> None:
    print(f"imagesieve: {sentence}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Exit status 1 with a sentence when the collection cannot be reached, or a file cannot be read."""
    status = 0
    try:
        settings = load_settings()
        prepare_libraries(settings.max_pixels)
        checker = Checker(Workshop(settings))
        for path in map(Path, arguments):
            try:
                event = checker.check(path)
            except UnreadableImage as error:
                _say(f"{path} {error}")
                event, status = failed(path, str(error)), 1
            print(json.dumps(asdict(event)), flush=True)
    except ImagesieveError as error:
        _say(str(error))
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
