"""From counts and what was measured on a sample to hours, memory and disk, as values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, NamedTuple

from worker.engine.search.encoding import Encoding
from worker.pipeline.estimating.census import Pictures

# `python -m benchmarks.memory`: "all, with Redis's own tables", and of that what is no feature, sketch or fact.
REDIS_BYTES: Final[Mapping[Encoding, int]] = {"float16": 16_239, "int8": 14_195}
REDIS_BYTES_OF_RECORD: Final = 925
INDEX_BYTES: Final = 1536  # IMAGESIEVE_INDEX_DIR
# `python -m benchmarks.million --images 5000`: 5.2 MiB of a report (docs/scale.md).
REPORT_BYTES: Final = 1090
# `python -m benchmarks.stream`: core-seconds of a file, 11.1 ms of plumbing and 2.1 of candidates.
PLUMBING_SECONDS: Final = 0.0132
# `imagesieve up --once` of 150 photos, by /proc: core-seconds up to the last verdict that were none of the steps below.
STACK_SECONDS: Final = 8.0
_FEW: Final = 3  # below, no slope is taken from so many


class Timed(NamedTuple):
    """A picture that was decoded and described. seconds: of one core."""

    megapixels: float
    seconds: float


@dataclass(frozen=True)
class Measured:
    """What this machine took.

    described: pictures of each format. network, verdict: core-seconds of a picture, for its forward pass and for
    looking at 32 strangers. device: seconds of the forward pass by the clock where a GPU computes it, 0 elsewhere.
    digest: bytes that a core digests in a second. cores: that the work got of those that are there, beside other
    programs. start: core-seconds until the network is loaded, which one core does.
    """

    described: Mapping[str, Sequence[Timed]] = field(default_factory=dict)
    network: float = 0.0
    device: float = 0.0
    verdict: float = 0.0
    digest: float = 0.0
    cores: float = 1.0
    start: float = 0.0


@dataclass(frozen=True)
class Duration:
    """seconds: by the clock, with as many cores as the measurement got; idle: with all of them. limit: what binds.

    describing, forward, verdicts, reading: core-seconds of each. formats: core-seconds of describing, by format.
    """

    seconds: float
    idle: float
    limit: str
    describing: float
    forward: float
    verdicts: float
    reading: float
    formats: Mapping[str, float]


def foresee_format(pictures: Pictures, timed: Sequence[Timed], all_timed: Sequence[Timed]) -> float:
    """Core-seconds for all pictures of a format: what the sample took, corrected by how large the others are.

    A regression estimator. Where the size of some is not known, or few were measured, each counts as the mean.
    all_timed: of all formats, for one of which none was measured.
    """
    if not timed:
        return pictures.files * fmean(one.seconds for one in all_timed) if all_timed else 0.0
    mean = fmean(one.seconds for one in timed)
    if pictures.unsized or len(timed) < _FEW:
        return pictures.files * mean
    middle = fmean(one.megapixels for one in timed)
    spread = sum((one.megapixels - middle) ** 2 for one in timed)
    slope = sum((one.megapixels - middle) * (one.seconds - mean) for one in timed) / spread if spread else 0.0
    each = mean + max(0.0, slope) * (pictures.pixels / 1e6 / pictures.files - middle)
    return pictures.files * max(each, min(one.seconds for one in timed))


def foresee(
    pictures: Mapping[str, Pictures], digested: tuple[int, int], measured: Measured, cores: int, proposers: int
) -> Duration:
    """How long `imagesieve up --once` works until every file has its verdict, if no two pictures resemble each other.

    digested: files, and bytes, that are compared by their bytes alone. cores: of this machine.
    """
    timed = [one for some in measured.described.values() for one in some]
    formats = {name: foresee_format(one, measured.described.get(name, ()), timed) for name, one in pictures.items()}
    images = sum(one.files for one in pictures.values())
    describing, forward = sum(formats.values()), images * measured.network
    verdicts = images * measured.verdict + (images + digested[0]) * PLUMBING_SECONDS
    reading = digested[1] / measured.digest if measured.digest else 0.0
    work = describing + forward + verdicts + reading + STACK_SECONDS
    alone = {"the network": images * measured.device, "the verdict writer": verdicts / (1 + proposers)}

    def by_clock(available: float) -> tuple[float, str]:
        ways = {"the processors": work / available, **alone}
        limit = max(ways, key=lambda way: ways[way])
        return ways[limit] + measured.start / min(1.0, available), limit

    seconds, limit = by_clock(min(measured.cores, cores))
    return Duration(seconds, by_clock(cores)[0], limit, describing, forward, verdicts, reading, formats)


@dataclass(frozen=True)
class Room:
    """Bytes. redis: of its memory. log: its append-only file. index: the verdict writer's. reports: all that stay."""

    redis: int
    log: int
    index: int
    reports: int


def foresee_room(images: int, others: int, encoding: Encoding, generations: int) -> Room:
    """others: files without features, which have a record alone. Of copies with the same bytes each counts in full."""
    redis = images * REDIS_BYTES[encoding] + others * REDIS_BYTES_OF_RECORD
    return Room(redis, redis, images * INDEX_BYTES, (images + others) * REPORT_BYTES * generations)
