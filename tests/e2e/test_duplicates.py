"""`imagesieve duplicates list|apply|restore` on the report of `up --once`, as a user types it."""

import json
import os
import shutil
import stat

from shared.cli.demo import make_demo_folder
from tests.e2e.conftest import Imagesieve

Tree = dict[str, tuple[bytes, int, int]]


def tree(sieve: Imagesieve) -> Tree:
    found: Tree = {}
    for path in sieve.watched.rglob("*"):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            found[str(path.relative_to(sieve.watched))] = (os.fsencode(path.readlink()), 0, 0)
        elif stat.S_ISREG(status.st_mode):
            found[str(path.relative_to(sieve.watched))] = (path.read_bytes(), status.st_mode, status.st_mtime_ns)
    return found


def events_of(sieve: Imagesieve, *words: str, **settings: str) -> list[dict[str, str]]:
    ended = sieve.run("duplicates", *words, "--json", **settings)
    assert ended.returncode == 0, ended.stderr
    events: list[dict[str, str]] = json.loads(ended.stdout)
    return events


def test_look_try_act_and_take_back(sieve: Imagesieve) -> None:
    # Neither the folder nor anything else but the state folder is named again after `up`.
    del sieve.environment["IMAGESIEVE_WATCH_DIR"]
    sieve.environment["XDG_DATA_HOME"] = str(sieve.base / "data")
    none = sieve.run("duplicates", "list")
    assert none.returncode == 1
    assert "there is no report" in none.stderr
    assert events_of(sieve, "restore") == [{"event": "end", "run": ""}]
    assert sieve.run("duplicates", "restore", "yesterday").returncode == 1
    assert events_of(sieve, "restore", "--list") == []
    assert not sieve.state.exists()  # to look makes nothing

    make_demo_folder(sieve.watched)
    for name in ("=SUM(1).jpg", "-rf.jpg", "line\nbreak.jpg", os.fsdecode(b"not \xff utf-8.jpg")):
        shutil.copyfile(sieve.watched / "china.jpg", sieve.watched / name)
    (sieve.watched / "masters").mkdir()
    shutil.copyfile(sieve.watched / "china.jpg", sieve.watched / "masters" / "china.jpg")
    ended = sieve.run("up", str(sieve.watched), "--once", protect_folders=str(sieve.watched / "masters"))
    assert ended.returncode == 0, ended.stderr
    assert "in a protected folder (&#39;masters&#39;)" in (sieve.latest / "report.html").read_text()
    before = tree(sieve)

    listed = sieve.run("duplicates", "list", "--json", "--kind", "exact", "--kind", "identical")
    found = json.loads(listed.stdout)
    paths = {one["path"] for one in found["duplicates"]}
    assert {"=SUM(1).jpg", "-rf.jpg", "line\nbreak.jpg", "not \udcff utf-8.jpg", "china.jpg"} <= paths
    assert found["bytes"] == sum(len(before[path][0]) for path in paths)
    assert {one["keeper"] for one in found["duplicates"] if "china" in one["path"]} == {"masters/china.jpg"}
    text = sieve.run("duplicates", "list")
    assert ["keeper", "masters/china.jpg"] in [line.split() for line in text.stdout.splitlines()]
    assert "next, a dry run: imagesieve duplicates apply --action move" in text.stderr
    near = json.loads(sieve.run("duplicates", "list", "--json", "--kind", "near").stdout)["count"]
    assert near > 0

    moved = sieve.base / "moved"
    dry = events_of(sieve, "apply", "--action", "move", "--to", str(moved))
    assert {event["path"] for event in dry if event["event"] == "would"} == paths
    (left,) = [event for event in dry if event["event"] == "not asked for"]
    assert left == {"event": "not asked for", "which": "near", "files": near, "way": "--kind near takes them"}
    for words in (["list"], ["apply", "--action", "trash"]):
        nowhere = sieve.run("duplicates", *words, "--folder", "nosuch")
        assert nowhere.returncode == 0
        assert "no duplicate of the report lies in nosuch; there is no such folder" in nowhere.stderr
    assert tree(sieve) == before
    assert not moved.exists()
    assert not (sieve.state / "actions").exists()  # nor does a dry run
    assert "a dry run" in sieve.run("duplicates", "apply", "--action", "trash").stderr
    for action in ("move", "hardlink", "symlink", "trash"):
        done = events_of(sieve, "apply", "--action", action, "--yes", move_to=str(moved))
        acted = {event["path"] for event in done if event["event"] == "acted"}
        assert acted
        after = tree(sieve)
        assert {path for path in before if after.get(path) != before[path]} == acted
        back = events_of(sieve, "restore")
        assert {event["path"] for event in back if event["event"] == "restored"} == acted
        assert tree(sieve) == before
    runs = events_of(sieve, "restore", "--list")
    assert [run["action"] for run in runs] == ["move", "hardlink", "symlink", "trash"]
    assert events_of(sieve, "restore")[-1] == {"event": "end", "run": ""}
    check_wrong_use(sieve)


def check_wrong_use(sieve: Imagesieve) -> None:
    for words in (
        ["apply", "--action", "move"],
        ["apply", "--action", "move", "--to", str(sieve.watched / "in")],
        ["apply", "--action", "burn"],
        ["list", "--folder", "../elsewhere"],
    ):
        ended = sieve.run("duplicates", *words)
        assert ended.returncode == 2, words
        assert "Traceback" not in ended.stderr
    ended = sieve.run("duplicates", "restore", "yesterday")
    assert ended.returncode == 1
    assert "restore --list" in ended.stderr
