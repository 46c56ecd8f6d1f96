"""Which imagesieve this is."""

from functools import cache
from importlib import metadata


@cache
def own_version() -> str:
    """The version of the installed package, such as `0.1.0`; `unknown` where nothing is installed."""
    try:
        return metadata.version("imagesieve")
    except metadata.PackageNotFoundError:
        return "unknown"
