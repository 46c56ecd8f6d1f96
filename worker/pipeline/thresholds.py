"""The thresholds in force: those calibrated for the extractor in use, else the safe defaults, and IMAGESIEVE_NEAR."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from shared.errors import CorruptValue
from shared.records.calibration import Calibration
from shared.store import Extractors
from worker.engine.matching.evidence import apply
from worker.engine.matching.thresholds import Thresholds

logger = logging.getLogger(__name__)

FRESH_SECONDS: Final = 5.0  # in which a new calibration reaches the verdict writer


@dataclass(frozen=True)
class InForce:
    """calibration: where the thresholds come from, None for the defaults."""

    thresholds: Thresholds
    calibration: Calibration | None = None

    def describe(self) -> dict[str, Any]:
        """As summary.json tells it: equal to what is read from there, so with lists."""
        found = self.calibration
        origin = {"origin": "default", "calibrated": None, "images": 0, "pairs": 0}
        if found:
            origin = {"origin": "calibrated", "calibrated": found.at, "images": found.images, "pairs": found.pairs}
        values = {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self.thresholds).items()}
        return {**origin, "near": "strict" if self.thresholds.whole else "usual", "values": values}


def in_force(store: Extractors, whole: bool = False) -> InForce:
    """What counts now. A stored calibration that is damaged, or names what is not calibrated, is logged, not used.

    whole: whether only whole, unturned copies are near.
    """
    extractor = store.extractor()
    try:
        found = store.thresholds(extractor.id) if extractor else None
        calibrated = apply(found.values) if found else Thresholds()
    except (CorruptValue, ValueError) as error:
        logger.warning("calibrated thresholds are not used: %s; `imagesieve calibrate` makes new ones", error)
        found, calibrated = None, Thresholds()
    return InForce(replace(calibrated, whole=whole), found)


class CurrentThresholds:
    """The thresholds for a comparison. Looked up every few seconds, not for every pair."""

    def __init__(self, store: Extractors, now: Callable[[], float], whole: bool = False) -> None:
        """now: seconds, growing. whole: as in `in_force`."""
        self._store = store
        self._now = now
        self._whole = whole
        self._found = InForce(replace(Thresholds(), whole=whole))
        self._until = -float("inf")

    def __call__(self) -> Thresholds:
        """What counts now, or did until FRESH_SECONDS ago."""
        if self._now() >= self._until:
            self.refresh()
        return self._found.thresholds

    def refresh(self) -> InForce:
        """Look them up, and use these from now on."""
        self._found = in_force(self._store, self._whole)
        self._until = self._now() + FRESH_SECONDS
        return self._found
