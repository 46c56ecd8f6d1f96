"""Whose a database of Redis is: the store's, and the broker's."""

from typing import Any

from shared.errors import CorruptValue
from shared.records import Owner
from shared.store import keys


def claim(client: Any, owner: Owner) -> Owner:
    """Whose the database is: `owner`'s from now on, unless somebody claimed it before. Raises redis's errors."""
    client.setnx(keys.KEY_OWNER, owner.to_json())
    try:
        return Owner.from_json(client.get(keys.KEY_OWNER) or b"")
    except CorruptValue:
        client.set(keys.KEY_OWNER, owner.to_json())
        return owner
