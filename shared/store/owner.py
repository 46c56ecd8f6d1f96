"""Whose a database of Redis is: the store's, and the broker's."""

from typing import Any

from shared import names
from shared.errors import CorruptValue
from shared.records import Owner


def claim(client: Any, owner: Owner) -> Owner:
    """Whose the database is: `owner`'s from now on, unless somebody claimed it before. Raises redis's errors."""
    client.setnx(names.KEY_OWNER, owner.to_json())
    try:
        return Owner.from_json(client.get(names.KEY_OWNER) or b"")
    except CorruptValue:
        client.set(names.KEY_OWNER, owner.to_json())
        return owner
