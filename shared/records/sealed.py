"""JSON values as they lie in Redis: with a version and a checksum, so that one that is damaged or foreign is noticed.

`[1,<CRC-32 of the value's JSON>,<value>]`, which is JSON again, for whoever looks with redis-cli. A value that was cut
off, or written by a version that meant something else by it, does not pass.
"""

import json
import re
import zlib
from typing import Any, ClassVar, Final, Self

from shared.errors import CorruptValue

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


def fields_of(record: Any) -> dict[str, Any]:
    """The fields of a flat record by name. `dataclasses.asdict` copies each value deeply: ten times as long."""
    return {name: getattr(record, name) for name in record.__slots__}


class Sealed:
    """A frozen dataclass with slots that lies in Redis as sealed JSON of its fields.

    NAME, REMEDY: what messages call a value that does not parse, and what becomes of it.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    REMEDY: ClassVar[str]

    def to_json(self) -> bytes:
        """Sealed JSON."""
        return seal(fields_of(self))

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Parse what `to_json` gave. Raises CorruptValue for anything else."""
        try:
            return cls.parse(unseal(raw))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptValue(f"{cls.NAME} does not parse ({error}); {cls.REMEDY}") from error

    @classmethod
    def parse(cls, values: Any) -> Self:
        """The record with these values. Raises ValueError, TypeError, KeyError or AttributeError for others."""
        return cls(**values)
