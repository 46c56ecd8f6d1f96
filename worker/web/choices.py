"""What a key on the page decides, as decisions for the journal (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.decisions import Decided, Decision, DecisionKind, Subject
from shared.records import Kind
from worker.engine.report.wording import number_of, show
from worker.web.cases import Case, Fate, File

Said = tuple[DecisionKind, tuple[Subject, ...]]


class Choice(StrEnum):
    """What can be said of two files of a group."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    DIFFERENT = "different"
    ALL = "all"
    TRASH_LEFT = "trash-left"
    TRASH_RIGHT = "trash-right"


@dataclass(frozen=True, slots=True)
class Step:
    """Decisions that were made together. numbers: theirs."""

    numbers: tuple[int, ...]
    words: str


def decisions_of(choice: Choice, case: Case, right: File) -> list[Said]:
    """What is to be written down, nothing where it says nothing new.

    On the left is the keeper of the group, on the right one of its others.

    A file that stays stands for all that are open in its group; what was said of others of the group is said again
    behind it, because the later word counts.
    """
    left = case.keeper
    if not can_be_chosen(right) or (case.is_variant and choice is not Choice.DIFFERENT):
        return []  # a variant is no duplicate: both stay, whatever is said
    waiting = {one.row for one in case.files if one.fate is Fate.OPEN}
    if case.keeper.fate is Fate.KEEPER and not case.keeper.is_protected:
        waiting.add(case.keeper.row)
    if choice is Choice.BOTH:
        return [_keep([left, right])]
    if choice is Choice.ALL:
        return [_keep([one for one in case.files if one.fate not in (Fate.APART, Fate.AWAY)])]
    if choice is Choice.DIFFERENT:
        return [_keep([left, right])] if are_the_same(left, right) else [_different(left, right)]
    keeper = left if choice in (Choice.LEFT, Choice.TRASH_RIGHT) else right
    if choice in (Choice.LEFT, Choice.RIGHT):
        leaving = [one for one in case.files if one.row in waiting]
    else:
        leaving = [right if choice is Choice.TRASH_RIGHT else left]
    return _stay(case, keeper, leaving)


def can_be_chosen(right: File) -> bool:
    """Whether anything can be said of it beside its keeper: it is there, and no different picture."""
    return right.fate not in (Fate.APART, Fate.AWAY)


def are_the_same(left: File, right: File) -> bool:
    """Whether the two hold the same bytes or pixels, and so are no different pictures."""
    if left.digest == right.digest:
        return True
    sure = (Kind.EXACT, Kind.IDENTICAL)
    return all(one.kind in sure or one.fate is Fate.KEEPER for one in (left, right))


def bulk_decisions(cases: Sequence[Case], chosen: "Sequence[tuple[Case, File]]") -> list[Said]:
    """That these files go, each for the keeper of its group."""
    going: dict[int, list[File]] = {}
    for case, one in chosen:
        going.setdefault(case.number, []).append(one)
    return [said for case in cases if case.number in going for said in _stay(case, case.keeper, going[case.number])]


def last_step(decided: Decided) -> Step | None:
    """What was decided last, of all that counts: decisions of one moment are one step."""
    if not decided.standing:
        return None
    newest = max(decided.standing)
    at, numbers = decided.standing[newest].at, [newest]
    while (before := decided.standing.get(numbers[-1] - 1)) and before.at == at:
        numbers.append(before.number)
    numbers.reverse()
    return Step(tuple(numbers), words_of([decided.standing[number] for number in numbers]))


def words_of(decisions: Sequence[Decision]) -> str:
    """A step in a sentence."""
    first = decisions[0]
    names = [_name(one.path) for one in first.files]
    keepers = [one for one in decisions if one.kind is DecisionKind.KEEPER]
    if len(keepers) > 1:
        return f"{number_of(sum(len(one.files) - 1 for one in keepers), 'file')} of {len(keepers):,} groups may go"
    if first.kind is DecisionKind.DIFFERENT:
        return f"{names[0]} and {names[1]} are different pictures"
    if first.kind is DecisionKind.KEEP:
        return f"{names[0]} and {names[1]} both stay" if len(names) == 2 else f"all {len(names)} files stay"
    others = f"{names[1]} may go" if len(names) == 2 else f"{number_of(len(names) - 1, 'file')} may go"
    return f"{names[0]} stays, {others}" if names[1:] else f"{names[0]} is the keeper"


def _stay(case: Case, keeper: File, leaving: Sequence[File]) -> list[Said]:
    """The keeper, and whoever goes for it now or went before; then, again, what stays beside another one."""
    before = [one for one in case.files if one.fate is Fate.GOING]
    going = list(dict.fromkeys(one for one in (*before, *leaving) if one.row != keeper.row))
    if not going and keeper.row == case.keeper.row:
        return []
    rows = {one.row for one in going}
    kept = [one for one in case.files if one.fate is Fate.KEPT and one.row not in rows]
    said: list[Said] = [(DecisionKind.KEEPER, (keeper.subject, *(one.subject for one in going)))]
    if keeper.row != case.keeper.row:  # what is another picture than the one is another than its duplicate
        apart = {one.digest: one for one in case.files if one.fate is Fate.APART and one.digest != keeper.digest}
        said += [_different(keeper, one) for one in apart.values()]
    beside = [keeper, *(one for one in kept if one.row != keeper.row)]
    return [*said, _keep(beside)] if len(beside) > 1 else said


def _keep(files: Sequence[File]) -> Said:
    return DecisionKind.KEEP, tuple(one.subject for one in files)


def _different(left: File, right: File) -> Said:
    return DecisionKind.DIFFERENT, (left.subject, right.subject)


def _name(path: str) -> str:
    return show(path.rsplit("/", 1)[-1], 60)
