"""What a report says of companions: their names beside each file of a group, and their bytes."""

import random
from pathlib import Path

import pytest

from shared.acting.duplicates import read_duplicates
from shared.acting.runs import Action
from shared.records import Kind
from tests.acting.phone import COPY, PHONE, Phone
from tests.unit.test_acting import Desk
from tests.unit.test_acting_companions import apply
from worker.engine.groups.company import Company, find_company
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
    assert found == Company({"a/IMG_1.jpg": names, "b/IMG_1.jpg": names}, {"b/IMG_1.jpg": 230}, frozenset())
    assert frees(SIZES, group()) == [1230]
    assert frees(SIZES, group(kind=Kind.NEAR)) == [0]
    [counted] = count_savings([group(kind=Kind.IDENTICAL)], lambda _: False, found)
    assert [one.may_free for one in counted.duplicates] == [1230]
    rows = list(tables.duplicate_rows([counted]))
    assert [row[8] for row in rows] == ["IMG_1.MOV/IMG_1.xmp", "IMG_1.MOV/IMG_1.xmp"]


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
    shared = (desk.root / COPY / "IMG_0900.MOV").stat().st_size  # two pictures have it: in the bytes of neither
    acted = [found for found in apply(desk, Action.MOVE, *duplicates) if isinstance(found, Acted)]
    freed = sum(one.duplicate.bytes + sum(companion.bytes for companion in one.companions) for one in acted)
    assert sum(one.bytes_to_free for one in counted) == freed - shared
    assert len(phone.gone()) == len(phone.units) - len(spoilt)


def test_names_that_begin_as_formulas_do_come_back(tmp_path: Path) -> None:
    one = Group(1, member("k.jpg"), (Duplicate(member("=a.jpg"), Kind.EXACT, 1.0, companions=("=a.mov", "=a.xmp")),))
    tables.write_csv(tmp_path / "duplicates.csv", tables.DUPLICATES, tables.duplicate_rows([one]))
    tables.write_csv(tmp_path / "assignments.csv", ("path", "digest"), [("k.jpg", "d"), ("./=a.jpg", "d")])
    [found] = read_duplicates(tmp_path)
    assert found.companions == ("=a.mov", "=a.xmp")
