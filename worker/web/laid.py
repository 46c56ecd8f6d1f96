"""Two pictures laid on each other, as the bytes that a decoding process hands over."""

import json
import struct
from typing import Any, Final

_HEAD: Final = struct.Struct("<III")


def unpack(answer: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """What is known of the two, the other picture laid on the first, and their difference, as WebP."""
    sizes = _HEAD.unpack_from(answer)
    at, parts = _HEAD.size, []
    for size in sizes:
        parts.append(answer[at : at + size])
        at += size
    return json.loads(parts[0]), parts[1], parts[2]


def pack(meta: dict[str, Any], laid: bytes, difference: bytes) -> bytes:
    """What `unpack` takes apart."""
    words = json.dumps(meta).encode()
    return _HEAD.pack(len(words), len(laid), len(difference)) + words + laid + difference
