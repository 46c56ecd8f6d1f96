"""The keys of Redis: of the store, and the few of ours in the broker's database."""

from enum import StrEnum
from typing import Final

# Keys of the store. One hash holds every record, so that its size is one HLEN and a scan needs no key pattern.
KEY_RECORDS: Final = "imagesieve:records"  # hash: path (bytes) -> Record as JSON
KEY_PENDING: Final = "imagesieve:pending"  # set of paths whose record is pending, and that were sent
KEY_BACKLOG: Final = "imagesieve:backlog:paths"  # sorted set: path -> mtime, of those to be sent
KEY_BACKLOG_PAUSED: Final = "imagesieve:backlog:paused"  # there while a person wants the backlog to wait
KEY_BACKLOG_RESTS: Final = "imagesieve:backlog:rests"  # why else the watcher lets it wait, in words
KEY_FAILED: Final = "imagesieve:failed"  # set of paths whose record is failed
KEY_UNJUDGED: Final = "imagesieve:unjudged"  # set of paths whose record is ready and has no verdict yet
KEY_ATTEMPTS: Final = "imagesieve:attempts"  # hash: path -> times a worker began it without finishing
KEY_EXTRACTOR: Final = "imagesieve:extractor"  # Extractor as JSON: whose features count now
KEY_CLASSES: Final = "imagesieve:classes"  # bytes: what that extractor's network calls what it sees
KEY_GENERATION: Final = "imagesieve:generation"  # the pointer: id of the newest complete generation
KEY_GENERATIONS: Final = "imagesieve:generations"  # list of the ids that are kept, newest first
KEY_HISTORY: Final = "imagesieve:history"  # list of Snapshots, oldest first: of generations kept and gone
KEY_MATCHES: Final = "imagesieve:matches"  # hash: "digest digest" -> Match: verified pairs
KEY_THRESHOLDS: Final = "imagesieve:thresholds"  # hash: extractor id -> Calibration
KEY_EVENTS: Final = "imagesieve:events"  # the stream of verdicts
KEY_PASSED_OVER: Final = "imagesieve:passed-over"  # PassedOver as JSON: what the last complete scan did not send
KEY_CHECKS_IN_HAND: Final = "imagesieve:checks:in-hand"  # hash: question -> who works on it, and since when
KEY_PING: Final = "imagesieve:ping"  # written to see whether writes are taken
KEY_OWNER: Final = "imagesieve:owner"  # Owner as JSON: whose collection is in this database


class Counter(StrEnum):
    """Keys of the integers that only grow, unless Redis loses them."""

    REVISION = "imagesieve:revision"  # with every change of the collection
    COMPUTED = "imagesieve:computed"  # forward passes ever made, one per picture
    LOADED = "imagesieve:loaded"  # networks that feature workers ever loaded
    CORRECTIONS = "imagesieve:corrections"  # verdicts that recluster runs corrected
    CHANGED = "imagesieve:changed"  # files that were judged for the first time, or went
    PLACED = "imagesieve:placed"  # pictures that were given a cluster on their arrival
    STRAYED = "imagesieve:strayed"  # of these, those that lie far from every cluster
    REFUSED = "imagesieve:refused"  # messages or references refused


def key_verdict(verdict: str) -> str:
    """Key of the set of paths whose record is ready and has this verdict."""
    return f"imagesieve:verdict:{verdict}"


def key_image(digest: str) -> str:
    """Key of the ImageFacts of one digest."""
    return f"imagesieve:image:{digest}"


def key_sketch(digest: str) -> str:
    """Key of the sketch of one digest: what verification needs of it."""
    return f"imagesieve:sketch:{digest}"


def key_features(extractor_id: str, digest: str) -> str:
    """Key of the encoded features of one digest under one extractor."""
    return f"imagesieve:features:{extractor_id}:{digest}"


def key_generation(generation: str, part: str) -> str:
    """Key of a part (`summary`, `centroids`, `clusters`) of one generation."""
    return f"imagesieve:generation:{generation}:{part}"


def key_checks(stage: str) -> str:
    """Key of the list of questions that wait for this stage of a check."""
    return f"imagesieve:checks:{stage}"


def key_check(question: str, part: str) -> str:
    """Key of a part (`content`, `progress`, `answer`) of one check; each runs out."""
    return f"imagesieve:check:{question}:{part}"


def key_passed_over(digest: str) -> str:
    """Key of the list, in parts, of what a scan passed over, by its digest."""
    return f"imagesieve:passed-over:{digest}"


def key_lease(name: str) -> str:
    """Key of the lease called `name`."""
    return f"imagesieve:lease:{name}"


def key_holder(name: str) -> str:
    """Key of who took the lease called `name` last; it stays when the lease runs out."""
    return f"imagesieve:lease:{name}:holder"
