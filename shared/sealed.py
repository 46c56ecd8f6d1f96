"""JSON values as they lie in Redis: with a version and a checksum, so that one that is damaged or foreign is noticed.

`[1,<CRC-32 of the value's JSON>,<value>]`, which is JSON again, for whoever looks with redis-cli. A value that was cut
off, or written by a version that meant something else by it, does not pass.
"""

import json
import re
import zlib
from typing import Any, Final

_VERSION: Final = 1
_SEALED: Final = re.compile(rb"\[(\d+),(\d+),(.*)\]", re.DOTALL)


def seal(value: Any) -> bytes:
    """The value as compact JSON with its seal. The same value gives the same bytes."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return b"[%d,%d,%b]" % (_VERSION, zlib.crc32(body), body)


def unseal(raw: bytes) -> Any:
    """The value that `seal` was given. Raises ValueError, with the reason, for anything else."""
    found = _SEALED.fullmatch(raw)
    if not found:
        raise ValueError("it has no checksum")
    version, checksum, body = found.groups()
    if int(version) != _VERSION:
        raise ValueError(f"it is of version {int(version)}, not {_VERSION}")
    if int(checksum) != zlib.crc32(body):
        raise ValueError("its checksum does not match")
    return json.loads(body)
