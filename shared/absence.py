"""Why a Redis cannot be used, and what to do about it, from the error that its client raised (pure)."""

from enum import StrEnum
from typing import Final

from shared.errors import Unavailable


class Server(StrEnum):
    """A Redis, named by what imagesieve uses it for; the value is what people read."""

    STORE = "Redis (store)"
    BROKER = "Redis (broker)"


_TAKES: Final = {Server.STORE: "writes", Server.BROKER: "messages"}
# Redis tells a cause in words alone: what a script was refused comes as a plain error of the script.
_FULL: Final = {
    "used memory > 'maxmemory'": (
        "raise its maxmemory, or make room with IMAGESIEVE_FEATURE_ENCODING=int8 and fewer files"
    ),
    "read only replica": "it is a replica: name the primary in IMAGESIEVE_STORE_URL and IMAGESIEVE_BROKER_URL",
    "MISCONF": "the disk of its append-only file is full or broken: make room there",
}
_LOGIN: Final = "check user and password in its URL"
_CLOSED: Final = {
    "username-password": _LOGIN,
    "invalid password": _LOGIN,
    "Authentication required": _LOGIN,
    "no permissions": "its user has too few rights: docs/security.md lists them",
    "certificate verify failed": (
        "name who signed it, at the end of its URL: ?ssl_ca_certs=/path/to/ca.pem; spell the host as it does"
    ),
}


def takes_no_writes(error: Exception) -> bool:
    """Whether a Redis that answers refuses every write for a while."""
    return bool(_remedy(error, _FULL))


def unavailable(server: Server, error: Exception) -> Unavailable:
    """The Unavailable for a server that cannot be used for now, from its client's `error`."""
    if remedy := _remedy(error, _FULL):
        return Unavailable(server, f"takes no {_TAKES[server]}: {error}", remedy)
    if remedy := _remedy(error, _CLOSED):
        return Unavailable(server, f"does not let us in: {error}", remedy)
    return Unavailable(server, f"does not answer: {error}")


def _remedy(error: Exception, remedies: dict[str, str]) -> str:
    said = str(error)
    return next((remedy for words, remedy in remedies.items() if words in said), "")
