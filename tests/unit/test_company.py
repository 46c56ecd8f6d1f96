"""What a report says of companions: their names beside each file of a group, and their bytes."""

import random
from pathlib import Path

import pytest

from shared.acting.duplicates import read_duplicates
from shared.acting.runs import Action
from shared.records import Kind
from tests.acting.phone import PHONE, Phone
from tests.unit.test_acting import Desk
from tests.unit.test_acting_companions import apply
from worker.engine.groups.company import Companions, Company, find_company
from worker.engine.groups.groups import Duplicate, Group, Member
from worker.engine.groups.savings import count_savings
from worker.engine.report import tables
from worker.pipeline.acting.apply import Acted

SIZES = {
    "a/IMG_1.jpg": 1000, "a/IMG_1.MOV": 200, "a/IMG_1.xmp": 30,
    "b/IMG_1.jpg": 1000, "b/IMG_1.MOV": 200, "b/IMG_1.xmp": 30,
}  # fmt: skip


def member(path: str, size: int = 1000) -> Member:
    return Member(path, "d", size, 10, 10, 5)


def group(keeper: str = "a/IMG_1.jpg", path: str = "b/IMG_1.jpg", kind: Kind = Kind.EXACT) -> Group:
    return Group(1, member(keeper), (Duplicate(member(path), kind, 1.0),))


def company(sizes: dict[str, int], *groups: Group) -> Company:
    return find_company([(path, size, 5) for path, size in sizes.items()], groups)


def frees(sizes: dict[str, int], *groups: Group) -> list[int]:
    counted = count_savings(groups, lambda _: False, company(sizes, *groups))
    return [duplicate.frees for one in counted for duplicate in one.duplicates]


def test_companions_are_named_and_their_bytes_counted() -> None:
    found = company(SIZES, group())
    names = ("IMG_1.MOV", "IMG_1.xmp")
    both = dict.fromkeys(("a/IMG_1.jpg", "b/IMG_1.jpg"), Companions(names, 230))
    assert found == Company(both, {"b/IMG_1.jpg": 230}, frozenset())
    assert frees(SIZES, group()) == [1230]
    assert frees(SIZES, group(kind=Kind.NEAR)) == [0]
    [counted] = count_savings([group(kind=Kind.IDENTICAL)], lambda _: False, found)
    assert [one.may_free for one in counted.duplicates] == [1230]
    rows = list(tables.duplicate_rows([counted]))
    assert [row[tables.DUPLICATES.index("companions")] for row in rows] == [
        "IMG_1.MOV/IMG_1.xmp",
        "IMG_1.MOV/IMG_1.xmp",
    ]


@pytest.mark.parametrize(
    "change",
    [{"a/IMG_1.MOV": 201}, {"b/IMG_1.AAE": 7}, {"b/IMG_1.CR2": 9000}],
)
def test_nothing_is_freed_by_a_file_that_stays_for_what_its_keeper_lacks(change: dict[str, int]) -> None:
    assert frees(SIZES | change, group()) == [0]


def test_what_two_share_is_in_neither_s_bytes() -> None:
    assert frees(SIZES | {"b/IMG_1.png": 1}, group()) == [1000]


def test_companions_that_are_duplicates_themselves_are_counted_once() -> None:
    sizes = SIZES | {f"{folder}/IMG_1-edited.jpg": 500 for folder in "ab"}
    edited = Group(
        2, member("a/IMG_1-edited.jpg", 500), (Duplicate(member("b/IMG_1-edited.jpg", 500), Kind.EXACT, 1.0),)
    )
    assert frees(sizes, group(), edited) == [1230, 500]
    assert frees(sizes, edited) == [0]  # its original stays
    third = Group(2, member("b/IMG_1-edited.jpg", 500), (Duplicate(member("third.jpg", 500), Kind.EXACT, 1.0),))
    assert frees(sizes, group(), third) == [500, 0]  # a keeper stays, and its original with it


def near(*paths: str) -> Group:
    return Group(1, member("large.jpg", 9000), tuple(Duplicate(member(path), Kind.NEAR, 0.9) for path in paths))


def test_copies_of_what_does_not_go_free_their_bytes_with_all_that_lies_beside_the_first_of_them() -> None:
    assert frees(SIZES, near("a/IMG_1.jpg", "b/IMG_1.jpg")) == [0, 1230]
    assert frees(SIZES | {"b/IMG_1.MOV": 201}, near("a/IMG_1.jpg", "b/IMG_1.jpg")) == [0, 0]
    [counted] = count_savings([near("a/IMG_1.jpg", "b/IMG_1.jpg")], lambda path: path.startswith("b/"))
    assert [one.frees for one in counted.duplicates] == [0, 0]


def test_what_two_share_goes_with_the_last_of_them_and_stays_while_one_stays() -> None:
    sizes = SIZES | {f"{folder}/IMG_1.heic": 700 for folder in "ab"}
    heic = Group(2, member("a/IMG_1.heic", 700), (Duplicate(member("b/IMG_1.heic", 700), Kind.EXACT, 1.0),))
    assert sum(frees(sizes, group(), heic)) == 1930
    assert sum(frees(sizes, group())) == 1000
    protected = count_savings(
        (groups := [group(), heic]), (lambda path: path == "b/IMG_1.heic"),
        find_company([(path, size, 5) for path, size in sizes.items()], groups, lambda path: path == "b/IMG_1.heic"),
    )  # fmt: skip
    assert sum(one.bytes_to_free for one in protected) == 1000


def test_a_video_stays_with_a_picture_that_does_not_go() -> None:
    video = Group(2, member("a/IMG_1.MOV", 200), (Duplicate(member("b/IMG_1.MOV", 200), Kind.EXACT, 1.0),))
    assert frees(SIZES, group(kind=Kind.NEAR), video) == [0, 0]
    assert frees(SIZES, group(), video) == [1030, 200]


@pytest.mark.parametrize("spoilt", [(), ("IMG_0015.AAE", "IMG_0007.MOV", "DSC_0023.NEF")])
def test_the_bytes_of_a_report_are_those_that_acting_frees(tmp_path: Path, spoilt: tuple[str, ...]) -> None:
    desk = Desk(tmp_path)
    phone = Phone(desk.root, random.Random(3))
    phone.fill()
    for name in spoilt:
        phone.spoil(name, PHONE)
    duplicates = phone.duplicates()
    seen = [
        (str(path.relative_to(desk.root)), path.stat().st_size, path.stat().st_mtime_ns)
        for path in desk.root.rglob("*")
        if path.is_file()
    ]
    groups = [
        Group(one.group, member(one.keeper, one.bytes), (Duplicate(member(one.path, one.bytes), one.kind, 1.0),))
        for one in duplicates
    ]
    counted = count_savings(groups, lambda _: False, find_company(seen, groups))
    acted = [found for found in apply(desk, Action.MOVE, *duplicates) if isinstance(found, Acted)]
    freed = sum(one.duplicate.bytes + sum(companion.bytes for companion in one.companions) for one in acted)
    assert sum(one.bytes_to_free for one in counted) == freed
    assert len(phone.gone()) == len(phone.units) - len(spoilt)


def test_names_that_begin_as_formulas_do_come_back(tmp_path: Path) -> None:
    one = Group(1, member("k.jpg"), (Duplicate(member("=a.jpg"), Kind.EXACT, 1.0, companions=("=a.mov", "=a.xmp")),))
    tables.write_csv(tmp_path / "duplicates.csv", tables.DUPLICATES, tables.duplicate_rows([one]))
    tables.write_csv(tmp_path / "assignments.csv", ("path", "digest"), [("k.jpg", "d"), ("./=a.jpg", "d")])
    [found] = read_duplicates(tmp_path)
    assert found.companions == ("=a.mov", "=a.xmp")
