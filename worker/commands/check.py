"""`python -m worker.commands.check IMAGE...`: what an image would be in the collection, without adding it.

Prints a line of JSON for each image. Changes nothing; needs no worker, only Redis. The workers answer the same in a
moment (shared.checking): this is for where none run, and for what is too large to be sent to them.
"""

import hashlib
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared.checking import not_read, read_picture
from shared.errors import ImagesieveError, PermanentError, Unavailable, UnreadableImage
from shared.records.checks import CheckAnswer, Unanswered
from shared.settings import load_settings
from worker.libraries import prepare_libraries
from worker.network.backend import load_backend
from worker.workshop import Workshop

if TYPE_CHECKING:
    from worker.network.port import Network
    from worker.pipeline.checks import Described


class Checker:
    """The collection as it is now, and the network. Loading both takes seconds, and longer for a large collection."""

    def __init__(self, workshop: Workshop) -> None:
        from worker.pipeline.judging.appraisal import Appraiser
        from worker.pipeline.judging.candidates import ContentIndex
        from worker.pipeline.judging.nearest import NearestCluster

        extractor = workshop.store.extractor()
        if extractor is None:
            raise PermanentError("there is no collection yet: start with `imagesieve up FOLDER`")
        self._workshop = workshop
        self._max_bytes = workshop.settings.max_bytes
        self._extractor_id = extractor.id
        index = ContentIndex(workshop.store, extractor.id)
        self._collection = workshop.open_collection(extractor.id, index)
        clusters = NearestCluster(workshop.store, extractor.id)
        self._appraiser = Appraiser(
            self._collection, index, clusters, workshop.comparison(), workshop.store, extractor.id, time.time,
            workshop.decisions.read,
        )  # fmt: skip
        self._collection.follow()

    def check(self, path: Path) -> CheckAnswer:
        """What the image at `path` would be. A file without a picture is `failed`, with the reason.

        Raises UnreadableImage where there is no file to look at.
        """
        answer = self._appraiser.appraise(str(path), self._describe(read_picture(path, self._max_bytes)))
        if isinstance(answer, Unanswered):
            raise Unavailable(answer.who, answer.why, answer.remedy)
        return answer

    def _describe(self, data: bytes) -> "Described":
        from worker.network.weights import BACKBONE
        from worker.pipeline.checks import Described
        from worker.pipeline.extracting.describing import add_features, look_at

        digest = hashlib.sha256(data).hexdigest()
        if self._collection.holder_of(digest):
            return Described(digest, len(data))
        look = look_at(data, self._workshop.settings.max_pixels, BACKBONE.side)
        if look.square is None:
            return look.described
        return add_features([look], self._network, self._extractor_id)[0]

    @cached_property
    def _network(self) -> "Network":
        """Loaded, in seconds, only for pictures whose bytes the collection does not have."""
        _say("loading the network")
        load_backend()
        return self._workshop.extraction_for(self._extractor_id).network


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
                answer = checker.check(path)
            except UnreadableImage as error:
                _say(f"{path} {error}")
                answer, status = not_read(str(path), error), 1
            print(answer.to_json(), flush=True)
    except ImagesieveError as error:
        _say(str(error))
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
