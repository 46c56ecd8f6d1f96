"""Whether the value of a setting can be what it is for: each returns the value as it is used, or raises ValueError."""

from pathlib import Path

from shared.admission import parse_patterns
from shared.paths import absolute
from shared.quiet_hours import QuietHours

# Criteria of the order of keepers, as worker/engine/groups/keepers.py measures them.
KEEPER_CRITERIA = (
    "undamaged", "pixels", "holds", "format", "metadata", "sharpness", "bytes", "companions", "name", "depth", "oldest",
    "newest", "shortest", "path",
)  # fmt: skip

# Formats of the criterion `format`, as shared/records/nature.py tells them; the first one stays.
KEEPER_FORMATS = ("raw", "heic", "lossless", "jpeg", "plain", "bare", "conversion")

# What Celery and redis-py call the ways to a Redis: without and with TLS, and by a Unix socket.
SCHEMES = {"broker_url": ("redis", "rediss", "redis+socket"), "store_url": ("redis", "rediss", "unix")}


def check_order(criteria: tuple[str, ...]) -> tuple[str, ...]:
    """An order of keepers."""
    if not criteria or not set(criteria) <= set(KEEPER_CRITERIA):
        raise ValueError(f"use words of {', '.join(KEEPER_CRITERIA)}")
    return criteria


def check_formats(formats: tuple[str, ...]) -> tuple[str, ...]:
    """An order of formats; those that it does not name stand behind it, as they do by default."""
    if not set(formats) <= set(KEEPER_FORMATS):
        raise ValueError(f"use words of {', '.join(KEEPER_FORMATS)}")
    return tuple(dict.fromkeys((*formats, *KEEPER_FORMATS)))


def check_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Patterns in gitignore's syntax."""
    parse_patterns(patterns)
    return patterns


def check_weights(name: str) -> str:
    """Weights by their name, or a file of them."""
    if name in ("imagenet", "random", "auto"):
        return name
    if not name.endswith((".h5", ".hdf5")):
        raise ValueError("use imagenet, auto, random, or the path of a Keras weights file (.h5)")
    return str(absolute(Path(name)))


def check_hours(words: str) -> str:
    """Hours of the day, or none."""
    QuietHours.parse(words)
    return words


def check_url(url: str, schemes: tuple[str, ...]) -> str:
    """Where a Redis is, or nothing."""
    scheme, _, rest = url.partition("://")
    if url and scheme not in schemes:
        raise ValueError("begin it with " + " or ".join(f"{one}://" for one in schemes))
    if scheme == "rediss" and "ssl_cert_reqs=" not in rest:
        # Celery would take any certificate where nothing is said of it.
        url += ("&" if "?" in rest else "?") + "ssl_cert_reqs=required"
    return url


def check_auth(pair: str) -> str:
    """A user and a password, or nothing."""
    user, _, password = pair.partition(":")
    if pair and not (user and password):
        raise ValueError("use user:password")
    return pair
