"""Whose collection a database holds: two watched folders in one would take each other's files for deleted."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from celery import Celery

from shared import broker
from shared.errors import SettingsError
from shared.records import Owner
from shared.store import Database
from shared.store.keys import KEY_OWNER

ID_FILE: Final = "collection"  # in the state folder of the watcher: the id of the collection, made once


def claim_databases(store: Database, app: Celery, state_dir: Path, folder: Path) -> None:
    """Claim store and broker for this state folder's collection. Raises SettingsError, Unavailable.

    Only the process that watches the folder claims: workers on other machines see it by other paths. The folder
    itself may be moved or mounted elsewhere, for the id of the state folder counts.
    """
    claims: dict[str, Callable[[Owner], Owner]] = {
        "IMAGESIEVE_STORE_URL": store.claim,
        "IMAGESIEVE_BROKER_URL": partial(broker.claim, app),
    }
    claim_each(claims, Owner(_own_id(state_dir), os.fspath(folder)))


def claim_each(claims: Mapping[str, Callable[[Owner], Owner]], own: Owner) -> None:
    """Claim each database, by the setting that names it. Raises SettingsError where one is somebody else's."""
    for setting, claim in claims.items():
        owner = claim(own)
        if owner.id != own.id:
            raise SettingsError(
                f"the Redis of {setting} holds the collection of another imagesieve, which watches {owner.folder!a}: "
                "each would forget the files of the other, and take its messages. Give this one another database (the "
                "number at the end of IMAGESIEVE_STORE_URL and IMAGESIEVE_BROKER_URL), or, if that one is this one and "
                f"its state folder was lost, delete the key {KEY_OWNER} there"
            )


def _own_id(state_dir: Path) -> str:
    file = state_dir / ID_FILE
    try:
        if not file.exists():
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = file.with_name(f"{ID_FILE}.new")
            new.write_text(uuid4().hex)
            new.replace(file)
        return file.read_text().strip()
    except OSError as error:
        raise SettingsError(f"the state folder is {state_dir}, which cannot be used: {error.strerror}") from error
