"""`imagesieve duplicates decide`, as a command on a report that lies in a state folder; nothing runs."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared.acting.duplicates import read_duplicates
from shared.cli.duplicates import app
from shared.decisions import DecisionJournal
from shared.errors import ImagesieveError

NAMES = ("keeper.png", "copy.png", "near.png", "other.png")


class Desk:
    """A watched folder and a state folder with a report of one group, and a command line."""

    def __init__(self, base: Path) -> None:
        self.base, self.watched, self.state = base, base / "watched", base / "state"
        report = self.state / "reports" / "latest"
        for folder in (self.watched, report):
            folder.mkdir(parents=True)
        digests = {}
        for name in NAMES:
            data = b"the same" if name in NAMES[:2] else name.encode()
            (self.watched / name).write_bytes(data)
            digests[name] = sha256(data).hexdigest()
        kinds = ("keeper,exact", "duplicate,exact", "duplicate,near")
        rows = [f"1,{name},{kind},1.0,8" for name, kind in zip(NAMES, kinds, strict=False)]
        (report / "summary.json").write_text(json.dumps({"folder": str(self.watched)}))
        (report / "duplicates.csv").write_text("\n".join(["group,path,role,kind,similarity,bytes", *rows, ""]))
        table = "".join(f"{name},{digest}\n" for name, digest in digests.items())
        (report / "assignments.csv").write_text(f"path,digest\n{table}")
        self.report = report

    def run(self, *words: str) -> Result:
        # An address where nobody listens: the writer is told where one runs, and nowhere else.
        environment = {"IMAGESIEVE_STATE_DIR": str(self.state), "IMAGESIEVE_BROKER_URL": "redis://127.0.0.1:1/0"}
        return CliRunner(env=environment).invoke(app, words)

    def decide(self, *words: str) -> str:
        done = self.run("decide", *words)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    def refused(self, *words: str) -> str:
        done = self.run("decide", *words)
        assert isinstance(done.exception, ImagesieveError)
        return str(done.exception)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_decisions_are_made_listed_undone_and_carried_over(desk: Desk, tmp_path: Path) -> None:
    assert "no decisions are in force" in desk.decide("--list")
    assert "near.png and other.png are different pictures" in desk.decide("different", "near.png", "other.png")
    assert "keeper.png, copy.png and near.png all stay" in desk.decide("keep", "--group", "1")
    told = desk.decide("keeper", str(desk.watched / "near.png"), "--group", "1")
    assert "3  " in told
    assert "near.png is the keeper; beside it keeper.png, copy.png" in told
    assert "decision 2 is no longer in force" in desk.decide("--undo", "2")
    assert "no decision 2 that counts" in desk.refused("--undo", "2")
    lines = json.loads(desk.decide("--list", "--json"))
    assert [(line["number"], line["decision"]) for line in lines] == [(1, "different"), (3, "keeper")]
    carried = tmp_path / "carried.jsonl"
    desk.decide("--export", str(carried))
    assert "cannot be written" in desk.refused("--export", str(carried))  # nothing is overwritten
    other = Desk(tmp_path / "other")
    assert other.decide("--import", str(carried)).count("\n") == 2
    assert other.decide("--import", str(carried)) == ""  # known already
    here, there = (DecisionJournal(one.state / "decisions", lambda: 0.0).read() for one in (desk, other))
    assert (here.apart, here.going.keys()) == (there.apart, there.going.keys())


def test_what_cannot_be_decided_is_said_with_a_way_out(desk: Desk) -> None:
    (desk.base / "torn.jsonl").write_text("no line\n")
    for words, sentence in (
        ((), "say what is decided"),
        (("--list", "--undo", "1"), "say what is decided"),
        (("--list", "--group", "1"), "belong to a decision"),
        (("different", "keeper.png", "copy.png"), "keep both with `keep`"),
        (("different", "keeper.png"), "two files are different"),
        (("keep", "--group", "7"), "no group 7"),
        (("keep", "keeper.png", "gone.png"), "'gone.png' cannot be read"),
        (("keep", "keeper.png", "../secret.png"), "cannot be decided on"),
        (("--import", str(desk.base / "torn.jsonl")), "line 1"),
        (("--import", str(desk.base / "none.jsonl")), "cannot be read"),
    ):
        assert sentence in desk.refused(*words), words
    assert DecisionJournal(desk.state / "decisions", lambda: 0.0).lines() == []


def test_the_list_says_what_stays_by_decision(desk: Desk) -> None:
    table = desk.report / "duplicates.csv"
    head, *rows = table.read_text().splitlines()
    table.write_text("\n".join([f"{head},kept_by", *(f"{row},{5 if 'near' in row else ''}" for row in rows), ""]))
    assert [one.kept_by for one in read_duplicates(desk.report)] == [0, 5]
    assert "you decided so (decision 5)" in desk.run("list").output
