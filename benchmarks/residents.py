"""Memory of each process that `imagesieve up` starts, with the model loaded and one recluster run behind it."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.latency import running_stack
from benchmarks.pictures import make_pictures
from benchmarks.processes import family, memory
from shared.errors import Unavailable
from shared.settings import load_settings
from shared.stack.up import recluster_and_wait
from shared.store import RedisStore

PHOTOS = 96  # three full batches
PATIENCE = 300.0


def resident(count: int = PHOTOS, stub: bool = False) -> dict[str, Counter[str]]:
    """Bytes by process, as benchmarks.processes.memory gives them; those of one name together.

    After so many photos. stub: in place of the network.
    """
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        photos = make_pictures(folder / "photos", count)
        settings = load_settings(
            watch_dir=folder / "photos",
            state_dir=folder / "state",
            weights="random",
            recluster_every=3600,
            flower_port=0,
        )
        with running_stack(settings, folder / "up.log", stub):
            wait_for_verdicts(RedisStore.connect(settings.store), [photo.name for photo in photos])
            recluster_and_wait(settings, force=True)
            used: dict[str, Counter[str]] = {}
            for pid, name in family(os.getpid()).items():
                if pid != os.getpid():
                    used.setdefault(name, Counter()).update(memory(pid))
            return used


def wait_for_verdicts(store: RedisStore, paths: Sequence[str], patience: float = PATIENCE) -> None:
    """Return when all of these photos have one. Raises TimeoutError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(Unavailable):  # the stack starts
            if all(record and record.verdict for record in store.records(paths)):
                return
        time.sleep(0.5)
    raise TimeoutError(f"not all of {len(paths)} photos have a verdict after {patience:.0f} s")


def print_resident(used: dict[str, Counter[str]], count: int = PHOTOS) -> None:
    """A Markdown table, the largest first."""
    print(f"\n{count} images, one recluster run\n")
    print("| process | resident MiB | proportional MiB |\n| --- | --- | --- |")
    whole = sum(used.values(), Counter())
    for name, bytes_ in sorted(used.items(), key=lambda item: -item[1]["Pss"]):
        print(f"| {name} | {bytes_['Rss'] / 2**20:.0f} | {bytes_['Pss'] / 2**20:.0f} |")
    print(f"| all | {whole['Rss'] / 2**20:.0f} | {whole['Pss'] / 2**20:.0f} |")
