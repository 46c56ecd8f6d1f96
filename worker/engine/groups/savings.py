"""What the going of each duplicate would free, its companions included."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from worker.engine.groups.company import NO_COMPANY, NONE, Company
from worker.engine.groups.groups import Duplicate, Group, number_groups


def count_savings(
    groups: Iterable[Group], is_protected: Callable[[str], bool], company: Company = NO_COMPANY
) -> list[Group]:
    """The groups with what each file would free, numbered by it; other names of the keeper's own file are left out.

    Nothing is freed by what was decided to stay, by what goes only when it is asked for by name (an identical file that
    would lose its date, a near-duplicate, but for its copies), by a protected file, by one that stays for what belongs
    to it, nor by a file of which another name stays.
    """
    counted = (
        replace(
            group,
            duplicates=tuple(_with_savings(group, is_protected, company)),
            companions=company.companions.get(group.keeper.path, NONE).names,
            companion_bytes=company.companions.get(group.keeper.path, NONE).bytes,
        )
        for group in groups
    )
    return number_groups(group for group in counted if group.duplicates)


def _with_savings(group: Group, is_protected: Callable[[str], bool], company: Company) -> Iterator[Duplicate]:
    going, standing = group.going() - company.kept, group.standing()
    listed = [one for one in group.duplicates if not one.member.is_one_file_with(group.keeper)]
    staying = [group.keeper]
    staying += [one.member for one in listed if one.member.path not in going or is_protected(one.member.path)]
    counted = list(staying)
    for one in listed:
        frees = one.member not in staying and not any(one.member.is_one_file_with(other) for other in counted)
        counted.append(one.member)
        path = one.member.path
        size = one.member.bytes + company.more_bytes.get(path, 0) if frees else 0
        known = one.kind.is_sure or one.loses_nothing or standing[path] is not group.keeper
        found = company.companions.get(path, NONE)
        named = replace(one, companions=found.names, companion_bytes=found.bytes)
        yield replace(named, frees=size) if known else replace(named, may_free=size)
