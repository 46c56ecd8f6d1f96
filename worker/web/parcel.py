"""What a child says of two pictures that it laid on each other, as bytes (pure)."""

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

_HEAD: Final = struct.Struct("<III")


def pack(meta: Mapping[str, Any], laid: bytes, difference: bytes) -> bytes:
    """What is known of the two, the other picture laid on the first, and their difference, as WebP."""
    words = json.dumps(meta).encode()
    return _HEAD.pack(len(words), len(laid), len(difference)) + words + laid + difference


def unpack(answer: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """The same three parts. Raises ValueError where it is none of ours."""
    try:
        sizes = _HEAD.unpack_from(answer)
    except struct.error as error:
        raise ValueError("it is too short") from error
    at, parts = _HEAD.size, []
    for size in sizes:
        parts.append(answer[at : at + size])
        at += size
    return dict(json.loads(parts[0])), parts[1], parts[2]
