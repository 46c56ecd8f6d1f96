"""`python -m worker.check IMAGE...`: what an image would be in the collection, without adding it.

Prints a line of JSON for each image. Changes nothing; needs no worker, only Redis.
"""

import hashlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from shared.errors import ImagesieveError, PermanentError, UnreadableImage
from shared.records import Event, Record, State, Verdict
from shared.settings import load_settings
from worker.app import Workshop
from worker.pipeline.judge import CANDIDATES, Judge
from worker.pipeline.members import make_event


class Checker:
    """The collection as it is now, and the network. Loading both takes seconds, and longer for a large collection."""

    def __init__(self, workshop: Workshop) -> None:
        from worker.engine.keepers import rank_keepers
        from worker.pipeline.candidates import ContentIndex
        from worker.pipeline.nearest import NearestCluster

        extractor = workshop.store.extractor()
        if extractor is None:
            raise PermanentError("there is no collection yet: start with `imagesieve up FOLDER`")
        self._workshop = workshop
        self._index = ContentIndex(workshop.store, extractor.id)
        self._clusters = NearestCluster(workshop.store, extractor.id)
        self._comparison = workshop.comparison()
        self._judge = Judge(
            workshop.store,
            self._index,
            self._comparison.compare,
            self._clusters,
            time.time,
            rank_keepers(workshop.settings.keeper_order, workshop.keeper_folders()),
        )
        self._judge.rebuild()

    def check(self, path: Path) -> Event:
        """The verdict that the image at `path` would get. A file without a picture is `failed`, with the reason."""
        try:
            data = path.read_bytes()
        except OSError as error:
            return self._failed(path, Record(0, 0, State.FAILED, reason=f"cannot be read: {error.strerror}"))
        record = Record(len(data), 0, State.READY, digest=hashlib.sha256(data).hexdigest())
        try:
            return self._compare(path, record, data)
        except UnreadableImage as error:
            return self._failed(path, Record(len(data), 0, State.FAILED, digest=record.digest, reason=str(error)))

    def _compare(self, path: Path, record: Record, data: bytes) -> Event:
        from worker.engine.decode import Picture, decode_reduced
        from worker.engine.impression import take_impression
        from worker.engine.verified import EXACT_REASON, identical_reason
        from worker.pipeline.comparison import reduced

        try:
            keeper = self._judge.keeper_file(record.digest)
        except KeyError:
            pass
        else:
            [cluster] = self._clusters([record.digest])
            return self._event(path, record, Verdict.EXACT, keeper.path, 1.0, EXACT_REASON, cluster)
        max_pixels = self._workshop.settings.max_pixels
        seen = take_impression(data, max_pixels)
        [features] = self._workshop.extraction.extract(seen.square[None])

        def picture() -> Picture:
            return reduced(decode_reduced(data, max_pixels).picture)

        found, matches = self._judge.find_keeper(
            seen.facts.pixels,
            lambda keeper_of: self._index.nearest(features, seen.sketch, keeper_of, CANDIDATES),
            lambda candidate: self._comparison.compare_sketch(candidate, seen.sketch, picture),
        )
        cluster = self._clusters.of(features)
        if found is None:
            return self._event(path, record, Verdict.UNIQUE, "", 0.0, "", cluster)
        keeper = self._judge.keeper_file(found)
        match = matches.get(found)
        if match is None:
            reason = identical_reason(seen.facts.pixels)
            return self._event(path, record, Verdict.IDENTICAL, keeper.path, 1.0, reason, cluster)
        return self._event(path, record, Verdict.NEAR, keeper.path, match.similarity, match.reason, cluster)

    def _event(
        self, path: Path, record: Record, verdict: str, keeper: str, similarity: float, reason: str, cluster: int | None
    ) -> Event:
        event = make_event(str(path), record, cluster, time.time())
        return Event(event.at, event.path, event.digest, verdict, keeper, similarity, cluster, reason)

    def _failed(self, path: Path, record: Record) -> Event:
        return self._event(path, record, Verdict.FAILED, "", 0.0, record.reason, None)


def main(arguments: list[str]) -> int:
    """Exit status 1 with a sentence when the collection cannot be reached."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        checker = Checker(Workshop(load_settings()))
        for argument in arguments:
            print(json.dumps(asdict(checker.check(Path(argument)))), flush=True)
    except ImagesieveError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
