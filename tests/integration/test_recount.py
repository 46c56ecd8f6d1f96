"""What an older version left uncounted is counted by the watcher when it starts."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import redis

from shared.records import Reference, State
from shared.settings import Settings
from shared.store import RedisStore, keys

ROOT = Path(__file__).parents[2]


def test_the_watcher_counts_what_an_older_version_did_not(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    paths = [f"{number}.jpg" for number in range(700)]
    for path in paths:
        (settings.watch_dir / path).write_bytes(b"1")
    files = [(settings.watch_dir / path).stat() for path in paths]
    seen = [
        Reference(path, 1, file.st_mtime_ns, file.st_ctime_ns, file.st_ino)
        for path, file in zip(paths, files, strict=True)
    ]
    store.mark_pending(seen, 1.0)
    records = [record for record in store.records(paths) if record]
    store.complete(
        [
            (
                path,
                old,
                replace(old, state=State.READY, digest="d", extractor="e", verdict="exact" if number else "unique"),
            )
            for number, (path, old) in enumerate(zip(paths, records, strict=True))
        ]
    )
    with redis.Redis.from_url(settings.store) as client:
        client.delete(keys.key_verdict("exact"), keys.key_verdict("unique"))
    assert store.verdict_counts() is None
    command = [sys.executable, "-m", "watcher", "--once"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **settings.environment()}, check=True, timeout=60)
    counts = store.verdict_counts()
    assert counts
    assert {verdict: number for verdict, number in counts.items() if number} == {"unique": 1, "exact": 699}
