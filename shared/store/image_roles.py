"""The store's roles about pictures: what is known of each and of pairs, and whose features count. See port.py."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from shared.records import Extractor, ImageFacts, Match, Pair
from shared.records.calibration import Calibration

Image = tuple[str, ImageFacts, bytes, bytes]  # digest, facts, encoded features, sketch


class Images(Protocol):
    """What is known of every picture, by the digest of its file: facts, sketch, and features under an extractor."""

    def facts(self, extractor_id: str, digests: Sequence[str]) -> list[ImageFacts | None]:
        """Facts of each digest that are stored with its sketch and features; also keeps those three from expiring.

        Whether features and sketch are sound is seen by whoever reads them. One round trip per 1,000.
        """

    def features(self, extractor_id: str, digests: Sequence[str]) -> list[bytes | None]:
        """Encoded features in order, None where missing. One round trip per 1,000."""

    def sketches(self, digests: Sequence[str]) -> list[bytes | None]:
        """Sketches in order, None where missing. One round trip per 1,000."""

    def pixels(self, digests: Sequence[str]) -> list[str]:
        """Digest of the pixels of each digest, "" where not known. One round trip per 1,000."""

    def about(self, digests: Sequence[str]) -> list[ImageFacts | None]:
        """Facts of each digest, whatever else is stored of it. One round trip per 1,000."""

    def put_images(self, extractor_id: str, images: Sequence[Image]) -> None:
        """Store facts and features. One pipelined round trip."""

    def drop_images(self, extractor_id: str, digests: Sequence[str]) -> None:
        """Forget what is stored of these pictures: facts, sketch, and features under `extractor_id`."""

    def expire_features(self, extractor_id: str, seconds: float) -> int:
        """Let what is known of digests that no record has, and features of other extractors, end after `seconds`.

        What a record has is kept from ending, whoever writes meanwhile: `complete` keeps it, too. The number of values
        newly marked. O(records + stored images).
        """


class Pairs(Protocol):
    """Pairs of pictures that were compared and are the same, however edited, or one a variant of the other."""

    def put_matches(self, matches: Mapping[Pair, Match]) -> None:
        """Record verified pairs."""

    def find_matches(self, pairs: Sequence[Pair]) -> list[Match | None]:
        """The match of each pair, None where none is recorded. One round trip."""

    def matches(self) -> Iterator[tuple[Pair, Match]]:
        """Every verified pair; one that changes meanwhile may come twice. A damaged one is dropped."""

    def drop_matches(self, pairs: Sequence[Pair]) -> None:
        """Forget pairs, of pictures that are gone."""


class Extractors(Protocol):
    """Whose features count, and the thresholds calibrated for them."""

    def extractor(self) -> Extractor | None:
        """Whose features count now; None before the first feature worker started."""

    def publish_extractor(self, extractor: Extractor, classes: bytes = b"") -> None:
        """Say whose features count from now on, and what its network calls what it sees: in one step."""

    def classes(self, extractor_id: str) -> bytes:
        """What was published as the classes of the extractor that counts; nothing where that is another one by now."""

    def thresholds(self, extractor_id: str) -> Calibration | None:
        """The thresholds calibrated for an extractor; None where none were. Raises CorruptValue."""

    def put_thresholds(self, extractor_id: str, calibration: Calibration) -> None:
        """Keep these thresholds for an extractor, in place of any before."""
