"""Which rule made the keeper of each group the keeper."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from worker.engine.groups.groups import Group
from worker.engine.groups.keepers import CHOSEN, Ranking


def name_rules(groups: Iterable[Group], rank: Ranking, chosen: Container[str] = ()) -> Iterator[Group]:
    """The groups, each with its rule. chosen: digests of files that a user chose for keepers. O(files)."""
    for group in groups:
        if group.keeper.digest in chosen:
            yield replace(group, rule=CHOSEN)
            continue
        others = [one.member for one in group.duplicates]
        # Another name of the keeper's own file is in no report.
        apart = [member for member in others if not member.is_one_file_with(group.keeper)]
        yield replace(group, rule=rank.rule(group.keeper, apart or others))
