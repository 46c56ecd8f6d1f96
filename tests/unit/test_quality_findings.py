"""How benchmarks.quality counts what was found: near, variants, and what is wrong."""

from sklearn.datasets import load_sample_image

from benchmarks.findings import Answers, Findings, Sample, answers_of, edit_table, total_table
from benchmarks.hard_cases import cases_in, variants_allowed
from benchmarks.quality import AttackSet, Strangers, report
from shared.records import Event, Relation
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, encoded

NEAR, VARIANT = Relation.NEAR, Relation.VARIANT


def copy(source, edit, relation):
    return Sample(f"{source}.{edit}", source, f"digest of {source}.{edit}", edit, relation)


def alone(path, kin=""):
    return Sample(path, path, f"digest of {path}", kin=kin)


A, B, STRANGER = alone("a"), alone("b"), alone("stranger")
A_HALF, A_MEME, A_TEXT = copy("a", "half", NEAR), copy("a", "meme", VARIANT), copy("a", "text", VARIANT)
B_HALF, B_MEME, B_TEXT = copy("b", "half", NEAR), copy("b", "meme", VARIANT), copy("b", "text", VARIANT)
SAMPLES = [A, A_HALF, A_MEME, A_TEXT, B, B_HALF, B_MEME, B_TEXT, STRANGER]


def findings(groups=(), variants=(), samples=SAMPLES):
    return Findings(samples, Answers(groups, variants))


def test_files_of_one_group_are_near_and_others_are_not_found():
    found = findings(groups=[["a", "a.half"]])
    assert found.found(A_HALF) is NEAR
    assert found.found(B_HALF) is None


def test_a_variant_is_found_by_its_own_link():
    assert findings(variants=[("a.meme", "a")]).found(A_MEME) is VARIANT
    assert findings(variants=[("a", "a.meme")]).found(A_MEME) is VARIANT


def test_a_link_to_a_duplicate_of_the_original_leads_to_it():
    assert findings([["a.half", "a"]], [("a.meme", "a.half")]).found(A_MEME) is VARIANT


def test_links_lead_on_over_other_variants():
    assert findings(variants=[("a.text", "a.meme"), ("a.meme", "a")]).found(A_TEXT) is VARIANT
    assert findings([["a.meme", "a.text"]], [("a.text", "a")]).found(A_MEME) is VARIANT


def test_links_over_other_pictures_lead_nowhere():
    assert findings(variants=[("a.meme", "stranger"), ("a", "stranger")]).found(A_MEME) is None
    mixed = findings([["a.half", "b.half"]], [("a.meme", "b.half"), ("a", "a.half")])
    assert mixed.found(A_MEME) is None
    assert mixed.found(A_HALF) is VARIANT


def test_false_pairs_of_near_are_those_of_two_originals():
    found = findings([["a", "a.half", "stranger"], ["b", "b.meme"]])
    assert found.false_near == {("a", "stranger"), ("a.half", "stranger")}
    assert len(found.near) == 4


def test_files_of_equal_bytes_have_one_source_and_are_no_false_pair():
    twin = Sample("twin", "stranger", STRANGER.digest)
    assert not findings([["stranger", "twin"]], samples=[*SAMPLES, twin]).false_near


def test_false_variants_are_those_of_two_originals_that_are_no_kin():
    one, two, other = alone("one", "series"), alone("two", "series"), alone("other", "another series")
    samples = [*SAMPLES, one, two, other]
    links = [("a.meme", "b"), ("a.text", "a"), ("one", "two"), ("one", "other"), ("stranger", "a")]
    assert findings((), links, samples).false_variants == [("a.meme", "b"), ("one", "other"), ("stranger", "a")]
    assert findings([["one", "two"]], (), samples).false_near == {("one", "two")}


def test_first_verdicts_become_groups_and_links():
    class Later(Event):
        """As later versions write it."""

        __slots__ = ("variant_of",)

    meme = Later("now", "a.meme", "", "unique")
    object.__setattr__(meme, "variant_of", "a")
    events = {
        "a": Event("now", "a", "", "unique"),
        "a.half": Event("now", "a.half", "", "near", "a"),
        "a.meme": meme,
    }
    answers = answers_of(events)
    assert answers.groups == [["a", "a.half"], ["a.meme"]]
    assert answers.variants == [("a.meme", "a")]


def cells(table):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_a_table_says_for_each_edit_how_its_copies_were_found():
    found = findings([["a", "a.half"], ["b", "b.text"]], [("a.meme", "a"), ("b.half", "b")])
    near = cells(edit_table(SAMPLES, NEAR, {"report": found}, {"hash": {("b", "b.half")}}))
    assert near["near is right"] == ["report: as near", "report: as variant", "report: found", "hash"]
    assert near["half"] == ["0.500", "0.500", "1.000", "0.500"]
    variant = cells(edit_table(SAMPLES, VARIANT, {"report": found}, {}))
    assert variant["meme"] == ["0.000", "0.500", "0.500"]
    assert variant["text"] == ["0.500", "0.000", "0.500"]
    assert variant["all of them"] == ["0.250", "0.250", "0.500"]
    assert variant["the worst"] == ["0.000", "0.000", "0.500"]


def test_totals_hold_what_the_limits_are_about():
    found = findings(
        [["a", "a.half", "stranger"], ["b", "b.text"]], [("a.meme", "a"), ("b.half", "b"), ("b.meme", "a")]
    )
    totals = {name: values[0] for name, values in cells(total_table(SAMPLES, {"report": found})).items() if values}
    assert totals["near edits found as near"] == "0.5000"
    assert totals["the worst of them"] == "0.500 (half)"
    assert totals["all edits, as near or variant"] == "0.6667"
    assert totals["the worst of all"] == "0.500 (meme)"
    assert totals["variants called near"] == "1 of 4"
    assert totals["false pairs of near"] == "2 of 4"
    assert totals["precision of near"] == "0.5000"
    assert totals["false variants"] == "1 of 3"
    assert totals["precision of variants"] == "0.6667"


def test_totals_of_nothing_are_none():
    totals = cells(total_table([STRANGER], {"report": findings(samples=[STRANGER])}))
    assert totals["near edits found as near"] == ["none"]
    assert totals["the worst of all"] == ["none"]
    assert totals["precision of near"] == ["none called"]


def test_the_report_lists_what_is_wrong_and_what_was_missed():
    found = findings([["a", "a.half", "stranger"], ["b", "b.text"]], [("a.meme", "a"), ("b.meme", "a")])
    lines = list(report(SAMPLES, {"report": found, "at arrival": findings()}, {"hash": {("a", "b"), ("a", "a.half")}}))
    assert "report: false near pair: a | stranger" in lines
    assert "report: false variant: b.meme of a" in lines
    assert "hash: 1 false of 2 pairs" in lines
    assert "half: missed: b; found as the other: none" in lines
    assert "text: missed: a; found as the other: b" in lines


README = """Words | and a bar.

| folder | right value | variant allowed |
| --- | --- | --- |
| 19-collage | two tiles differ | yes |
| 13-chat | other messages | no |
| 07-damaged |  |  |
"""


def test_hard_cases_are_read_with_their_subfolders_and_the_readme_says_which_are_kin(tmp_path):
    for name in ("19-collage/a.png", "19-collage/deep/b.tif", "13-chat/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert variants_allowed(tmp_path) == set()
    (tmp_path / "README.md").write_text(README)
    assert variants_allowed(tmp_path) == {"19-collage"}
    names = [str(path.relative_to(tmp_path)) for path in cases_in(tmp_path)]
    assert names == ["13-chat/a.png", "19-collage/a.png", "19-collage/deep/b.tif"]


def test_an_attack_set_holds_every_copy_and_each_stranger_by_its_folder(tmp_path):
    cases = tmp_path / "cases"
    for name in ("photo.jpg", "one/a.png", "two/a.png", "two/same.png"):
        (cases / name).parent.mkdir(parents=True, exist_ok=True)
        (cases / name).write_bytes(b"same" if name.endswith("same.png") else name.encode())
    (cases / "one/same.png").write_bytes(b"same")
    original = tmp_path / "photo.jpg"
    original.write_bytes(encoded(load_sample_image("china.jpg"), ".jpg", 90))
    made = AttackSet(tmp_path / "set")
    made.add_photo(original)
    made.add_strangers(Strangers(cases, cases_in(cases), {"two"}))
    copies = [sample for sample in made.samples if sample.edit]
    assert {sample.edit for sample in copies} == {attack.name for attack in (*ATTACKS, *HARD_ATTACKS)}
    assert {sample.source for sample in copies} == {"photos/photo.jpg"}
    of = {sample.path: sample for sample in made.samples}
    assert len(of) == len(made.samples) == 1 + len(copies) + 5
    assert all((tmp_path / "set" / path).is_file() for path in of)
    assert of["strangers/cases/two/same.png"].source == "strangers/cases/one/same.png"
    assert of["strangers/cases/two/a.png"].kin == "cases/two"
    assert of["strangers/cases/one/a.png"].kin == of["strangers/cases/photo.jpg"].kin == ""
