"""The store under test: both implementations, Redis on a real server."""

import pytest

from shared.settings import Settings
from shared.store import MemoryStore, RedisStore, Store


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    settings: Settings = request.getfixturevalue("settings")
    return RedisStore.connect(settings.store)
