"""What the going of each duplicate would free, its companions included."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from worker.engine.groups.company import NO_COMPANY, Company
from worker.engine.groups.groups import Duplicate, Group, number_groups


def count_savings(
    groups: Iterable[Group], is_protected: Callable[[str], bool], company: Company = NO_COMPANY
) -> list[Group]:
    """The groups with what each file would free, numbered by it; other names of the keeper's own file are left out.

    Nothing is freed by what was decided to stay, by what goes only when it is asked for by name (a near-duplicate, an
    identical file that would lose its date), by a protected file, by one that stays for what belongs to it, nor by a
    file of which another name stays.
    """
    counted = (
        replace(
            group,
            duplicates=tuple(_with_savings(group, is_protected, company)),
            companions=company.companions.get(group.keeper.path, ()),
        )
        for group in groups
    )
    return number_groups(group for group in counted if group.duplicates)


def _with_savings(group: Group, is_protected: Callable[[str], bool], company: Company) -> Iterator[Duplicate]:
    staying = [group.keeper]
    listed = [one for one in group.duplicates if not one.member.is_one_file_with(group.keeper)]
    kept = [one.member for one in listed if not _goes(one) or is_protected(one.member.path)]
    staying += kept + [one.member for one in listed if one.member.path in company.kept]
    counted = list(staying)
    for one in listed:
        frees = one.member not in staying and not any(one.member.is_one_file_with(other) for other in counted)
        counted.append(one.member)
        path = one.member.path
        size = one.member.bytes + company.more_bytes.get(path, 0) if frees else 0
        known = one.kind.is_sure or one.loses_nothing
        named = replace(one, companions=company.companions.get(path, ()))
        yield replace(named, frees=size) if known else replace(named, may_free=size)


def _goes(one: Duplicate) -> bool:
    """Whether it goes without being asked for by name, as far as is known."""
    return not one.kept_by and one.kind.is_acted_on and (one.kind.is_sure or one.loses_nothing is not False)
