"""What version 1 left, which had no mark yet: made by its own code at commit 05d135e, from two pictures and a copy."""

import json
import os
from pathlib import Path

import pytest
import redis

from shared.acting.duplicates import read_duplicates
from shared.acting.runs import Action, Phase, read_runs
from shared.errors import SettingsError
from shared.records import ImageFacts, State
from shared.reports import latest_report
from shared.settings import Settings
from shared.stack import state_dir
from shared.state_folder import MARK
from shared.store import RedisStore, keys
from worker.pipeline.reclustering.generations import remove_folders

A = "bdc41e53aba325369fc2619d38c7d4f12e2d61db3c68c0de33f4f353d3cfd358"
B = "429f74e62b0d4297d7b73ab133a273b06e65d00c13fdbb1feef1e62099929381"
GENERATION = "20261126T104705.061139Z"

FILES = {
    "lock": "",
    "watched": "/pictures",
    "watcher.alive": "",
    "flower.auth": "imagesieve:nNYKSp5kGNjLo7Yr",
    "supervisord.conf": "[supervisord]\nnodaemon=true\nlogfile=/state/logs/supervisord.log\n",
    "actions/lock": "",
    "actions/20261126T104710.923821Z.jsonl": (
        '{"version": 1, "run": {"id": "20261126T104710.923821Z", "action": "move", "root": "/pictures", '
        '"target": "/moved", "policy": false}}\n'
        f'{{"step": {{"number": 1, "path": "copy of a.png", "kind": "exact", "digest": "{A}", "size": 1869, '
        '"mode": 33188, "uid": 0, "gid": 0, "atime_ns": 1795690021689020767, "mtime_ns": 1795690004973467055, '
        f'"device": 65024, "inode": 2163999, "keeper": "a.png", "keeper_digest": "{A}", "place": "copy of a.png", '
        '"attributes": {}}}\n'
        '{"of": 1, "phase": "done", "detail": ""}\n'
    ),
    f"reports/{GENERATION}/duplicates.csv": (
        "group,path,role,kind,similarity,bytes\n"
        "1,a.png,keeper,exact,1.0000,1869\n"
        "1,copy of a.png,duplicate,exact,1.0000,1869\n"
    ),
    f"reports/{GENERATION}/assignments.csv": (
        "path,digest,cluster,distance,silhouette,verdict,duplicate_of\n"
        f"a.png,{A},0,0.007912,,unique,\n"
        f"b.png,{B},0,0.007912,,unique,\n"
        f"copy of a.png,{A},0,0.007912,,exact,a.png\n"
    ),
    f"reports/{GENERATION}/summary.json": json.dumps(
        {"generation": GENERATION, "created": "2026-11-26T10:47:05+00:00", "folder": "/pictures", "bytes_to_free": 1869}
    ),
}
RECORDS = {
    "a.png": (
        '[1,1834878727,{"size":1869,"mtime_ns":1795690004937019771,"state":"ready","since":1795690022.1299644,'
        f'"digest":"{A}","width":320,"height":240,"extractor":"ce78b7fd5feec9d2","verdict":"unique"}}]'
    ),
    "copy of a.png": (
        '[1,1358212068,{"size":1869,"mtime_ns":1795690004973467055,"state":"ready","since":1795690022.1300097,'
        f'"digest":"{A}","width":320,"height":240,"extractor":"ce78b7fd5feec9d2","verdict":"exact",'
        '"duplicate_of":"a.png","similarity":1.0,"reason":"the same bytes"}]'
    ),
    "notes.txt": (
        '[1,774825785,{"size":2,"mtime_ns":1795690004973467055,"state":"failed","since":1795690011.0036595,'
        '"verdict":"failed","reason":"not read: its suffix .txt is not among IMAGESIEVE_SUFFIXES"}]'
    ),
}
FACTS = (
    '[1,1568627855,{"width":320,"height":240,'
    '"pixels":"dbe780fe3e425c71ee9bf210337d437ca50d3a45f5db0cf0b7aec84e4c569c98","content":0}]'
)
EXTRACTOR = (
    '[1,3589240495,{"id":"ce78b7fd5feec9d2","weights":"random","label":"VGG16 fc2, random weights","warning":"random '
    "weights, as IMAGESIEVE_WEIGHTS asks for. Exact and identical duplicates are the same with them; clusters mean "
    'less, and a few near ones may be missed"}]'
)
SNAPSHOT = (
    f'[1,2579904848,{{"generation":"{GENERATION}","created":"2026-11-26T10:47:05+00:00","images":3,"duplicates":1,'
    '"k":1,"failed":1,"size":5608,"bytes_to_free":1869}]'
)
EVENT = (
    f'{{"at": "2026-11-26T10:47:02.189+00:00", "path": "copy of a.png", "digest": "{A}", "verdict": "exact", '
    '"duplicate_of": "a.png", "similarity": 1.0, "cluster": null, "reason": "the same bytes"}'
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "reports" / "latest").symlink_to(GENERATION)
    return folder


def test_its_state_folder_is_marked_and_read_as_it_is(state: Path, settings: Settings) -> None:
    settings = settings.model_copy(update={"state_dir": state})
    os.close(state_dir.take(state))
    assert (state / MARK).exists()
    state_dir.claim(state, Path("/pictures"))
    with pytest.raises(SettingsError, match="belongs to the watched folder /pictures"):
        state_dir.check_owner(state, Path("/others"))
    assert state_dir.flower_auth(state) == FILES["flower.auth"]
    assert latest_report(settings).summary()["folder"] == "/pictures"
    [copy] = read_duplicates(latest_report(settings).folder)
    assert (copy.path, copy.kind, copy.keeper, copy.keeper_digest) == ("copy of a.png", "exact", "a.png", A)
    for name, text in FILES.items():
        assert (state / name).read_text() == text


def test_its_journal_says_where_the_file_is(state: Path) -> None:
    [run] = read_runs(state / "actions")
    assert (run.header.action, run.header.root, run.header.target) == (Action.MOVE, "/pictures", "/moved")
    [entry] = run.in_phase(Phase.DONE)
    assert (entry.step.path, entry.step.place, entry.step.digest) == ("copy of a.png", "copy of a.png", A)


def test_its_reports_count_as_reports(state: Path) -> None:
    newer = state / "reports" / "20270101T000000.000000Z"
    newer.mkdir()
    (newer / "summary.json").write_text(json.dumps({"generation": newer.name}))
    remove_folders(state / "reports", 1, newer.name)
    assert not (state / "reports" / GENERATION).exists()


def test_its_records_in_redis_are_read(settings: Settings) -> None:
    with redis.Redis.from_url(settings.store) as client:
        client.hset(keys.KEY_RECORDS, mapping=RECORDS)
        client.sadd(keys.KEY_FAILED, "notes.txt")
        client.set(keys.KEY_EXTRACTOR, EXTRACTOR)
        client.rpush(keys.KEY_HISTORY, SNAPSHOT)
        client.xadd(keys.KEY_EVENTS, {"event": EVENT})
    store = RedisStore.connect(settings.store)
    first, copy, notes = store.records(list(RECORDS))
    assert first
    assert copy
    assert notes
    assert (first.state, first.digest, first.verdict) == (State.READY, A, "unique")
    assert (copy.size, copy.mtime_ns, copy.duplicate_of) == (1869, 1795690004973467055, "a.png")
    assert (copy.variant_of, copy.share) == ("", 0.0)
    assert (notes.state, notes.verdict) == (State.FAILED, "failed")
    [(path, failed)] = store.failures()
    assert (path, failed) == ("notes.txt", notes)
    extractor = store.extractor()
    assert extractor
    assert (extractor.id, extractor.weights) == ("ce78b7fd5feec9d2", "random")
    facts = ImageFacts.from_json(FACTS.encode())
    assert (facts.width, facts.height) == (320, 240)
    [snapshot] = store.history()
    assert (snapshot.generation, snapshot.duplicates) == (GENERATION, 1)
    [(_, event)] = store.events("0", wait=0.0)
    assert (event.path, event.verdict, event.duplicate_of) == ("copy of a.png", "exact", "a.png")
    assert (event.variant_of, event.share) == ("", 0.0)
