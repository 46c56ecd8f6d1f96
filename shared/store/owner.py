"""Whose a database of Redis is: the store's, and the broker's."""

from typing import Any

from shared.errors import CorruptValue
from shared.records import Owner
from shared.store import keys


def claim(client: Any, owner: Owner) -> Owner:
    """Whose the database is: `owner`'s from now on, unless somebody claimed it before. Raises redis's errors."""
    client.setnx(keys.KEY_OWNER, owner.to_json())
    found = owner_of(client)
    if found is None:
        client.set(keys.KEY_OWNER, owner.to_json())
    return found or owner


def owner_of(client: Any) -> Owner | None:
    """Whose the database is; None where nobody claimed it, or what says so is damaged. Raises redis's errors."""
    try:
        return Owner.from_json(client.get(keys.KEY_OWNER) or b"")
    except CorruptValue:
        return None
