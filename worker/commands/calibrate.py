"""`python -m worker.commands.calibrate [--sample N] [--dry-run]`: thresholds for one collection.

Prints one JSON object; progress goes to standard error. Stores the thresholds unless it is a dry run, and changes
nothing else. Needs Redis and the watched folder, no worker.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.errors import ImagesieveError, PermanentError
from shared.records import State
from shared.records.calibration import Calibration
from shared.settings import load_settings
from shared.wording import number_of
from worker.libraries import prepare_libraries
from worker.network.backend import load_backend
from worker.workshop import Workshop

if TYPE_CHECKING:
    from worker.pipeline.calibrating.labelled import Labelled

SAY_SECONDS = 5.0


def calibrate(workshop: Workshop, sample: int, dry_run: bool) -> dict[str, Any]:
    """Measure, choose and store; what `imagesieve calibrate --json` prints."""
    from worker.engine.matching.evidence import choose
    from worker.engine.matching.findings import findings
    from worker.engine.matching.thresholds import Thresholds

    started = time.monotonic()
    extractor = workshop.store.extractor()
    if extractor is None:
        raise PermanentError("there is no collection yet: start with `imagesieve up FOLDER`")
    before = workshop.thresholds.refresh().thresholds.similarity
    measured = _measure(workshop, extractor.id, sample)
    choice = choose(measured.evidence, Thresholds().similarity)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    found = Calibration({"similarity": choice.similarity}, at, measured.images, len(measured.evidence.strangers))
    if not dry_run:
        workshop.store.put_thresholds(extractor.id, found)
    return {
        "extractor": asdict(extractor),
        "at": at,
        "stored": not dry_run,
        "images": measured.images,
        "keepers": measured.keepers,
        "skipped": measured.skipped,
        **findings(measured.evidence, before, choice),
        "decisions": _try_on_decisions(workshop, extractor.id, choice.similarity).to_json(),
        "seconds": round(time.monotonic() - started, 1),
    }


def _try_on_decisions(workshop: Workshop, extractor_id: str, similarity: float) -> "Labelled":
    """What the thresholds that fit make of the pairs that users decided on."""
    from worker.pipeline.calibrating.labelled import try_on_decisions
    from worker.pipeline.comparison import Comparison, File

    files = {
        record.digest: File(path, record)
        for chunk in workshop.store.scan()
        for path, record in chunk
        if record.state is State.READY and record.extractor == extractor_id
    }
    thresholds = replace(workshop.thresholds.refresh().thresholds, similarity=similarity)
    limits = workshop.settings.max_pixels, workshop.settings.max_bytes
    comparison = Comparison(workshop.store, workshop.storage, lambda: thresholds, *limits)
    return try_on_decisions(workshop.decisions.read(), files, comparison.compare)


def _measure(workshop: Workshop, extractor_id: str, sample: int) -> Any:
    from worker.pipeline.calibrating.originals import Originals
    from worker.pipeline.calibrating.trials import Calibrating, measure
    from worker.pipeline.judging.candidates import ContentIndex

    settings, store = workshop.settings, workshop.store
    _say("loading the network and the collection")
    load_backend()
    extraction = workshop.extraction_for(extractor_id)
    originals = Originals(store, workshop.storage, extractor_id, settings.max_pixels, settings.max_bytes)
    index = ContentIndex(store, extractor_id)
    index.add(sorted(originals.keeper_of))
    progress = _Progress()
    return measure(
        Calibrating(
            originals,
            index,
            extraction.network,
            extraction.executor,
            progress.tell,
            settings.max_pixels,
            settings.near == "strict",
        ),
        sample,
    )


class _Progress:
    """A line now and then, and the last one always."""

    def __init__(self) -> None:
        self._started = self._printed = time.monotonic()

    def tell(self, done: int, wanted: int) -> None:
        now = time.monotonic()
        if done < wanted and now - self._printed < SAY_SECONDS:
            return
        self._printed = now
        left = (now - self._started) / done * (wanted - done)
        _say(
            f"{done} of {number_of(wanted, 'picture')} edited and compared"
            + (f", {left:.0f} s left" if done < wanted else "")
        )


def _say(sentence: str) -> None:
    print(f"imagesieve: {sentence}", file=sys.stderr, flush=True)


def main(words: list[str]) -> int:
    """Exit status 1 with a sentence when the collection cannot be reached."""
    parser = argparse.ArgumentParser(prog="python -m worker.commands.calibrate")
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    given = parser.parse_args(words)
    try:
        settings = load_settings()
        prepare_libraries(settings.max_pixels)
        print(json.dumps(calibrate(Workshop(settings), given.sample, given.dry_run)), flush=True)
    except ImagesieveError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
