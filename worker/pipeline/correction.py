"""Recluster is the authority: groups from all verified pairs, and the verdicts that follow from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from shared import names
from shared.records import Match, Pair, Record, State, Verdict, pair_of
from shared.store import Store
from worker.engine.groups import Group, Member
from worker.engine.keepers import Rank
from worker.engine.verified import verified_groups
from worker.pipeline.comparison import File
from worker.pipeline.members import make_event

Compare = Callable[[File, File], Match | None]


def group_files(
    store: Store,
    members: Sequence[Member],
    records: Mapping[str, Record],
    compare: Compare,
    rank: Rank,
    waiting: int = 0,
) -> list[Group]:
    """Groups of all files. Pairs that only others connect are compared now, and recorded; those of gone files go.

    Two copies of a picture that is gone are among those compared: perhaps nobody did, because the original stood
    between them. waiting: files that are still being read, perhaps again for another extractor; while there are any,
    nothing goes.
    """
    files = {record.digest: File(path, record) for path, record in records.items()}
    matches = dict(store.matches())
    gone = [pair for pair in matches if pair[0] not in files or pair[1] not in files]
    digests = sorted({member.digest for member in members}.union(*gone))
    pixels = {digest: found for digest, found in zip(digests, store.pixels(digests), strict=True) if found}
    fresh: dict[Pair, Match] = {}

    def verify(keeper: str, other: str) -> Match | None:
        match = compare(files[keeper], files[other])
        if match:
            fresh[pair_of(keeper, other)] = match
        return match

    groups = verified_groups(members, pixels, matches, verify, rank)
    store.put_matches(fresh)
    if not waiting:
        store.drop_matches(gone)
    return groups


def verify_again(
    store: Store, members: Sequence[Member], records: Mapping[str, Record], compare: Compare, rank: Rank
) -> int:
    """Compare every known pair anew, and forget those that no longer pass; how many. Pairs of gone files are left.

    For thresholds that changed since the pairs were verified; a few milliseconds a pair.
    """
    best: dict[str, str] = {}
    for member in sorted(members, key=rank):
        best.setdefault(member.digest, member.path)
    places = {digest: place for place, digest in enumerate(best)}
    passed, refused = {}, []
    for pair, match in store.matches():
        if pair[0] not in best or pair[1] not in best:
            continue
        keeper, other = (File(best[digest], records[best[digest]]) for digest in sorted(pair, key=places.__getitem__))
        found = compare(keeper, other)
        if found is None:
            refused.append(pair)
        elif found != match:
            passed[pair] = found
    store.put_matches(passed)
    store.drop_matches(refused)
    return len(refused)


def correct_verdicts(
    store: Store,
    records: Mapping[str, Record],
    groups: Sequence[Group],
    clusters: Mapping[str, int],
    now: float,
) -> int:
    """Bring given verdicts in line with the groups, each change with its event; how many were changed.

    A file without a verdict is left to the verdict writer, which has not compared it yet.
    """
    wanted = {
        duplicate.member.path: (duplicate.kind.value, group.keeper.path, duplicate.similarity, duplicate.reason)
        for group in groups
        for duplicate in group.duplicates
    }
    changes, events = [], []
    for path, record in records.items():
        if record.state is not State.READY or not record.verdict:
            continue
        verdict, keeper, similarity, reason = wanted.get(path, (Verdict.UNIQUE.value, "", 0.0, ""))
        new = replace(record, verdict=verdict, duplicate_of=keeper, similarity=similarity, reason=reason)
        if new != record:
            changes.append((path, record, new))
            events.append(make_event(path, new, clusters.get(record.digest), now))
    corrected = sum(store.give_verdicts(changes, events, correction=True))
    if corrected:
        store.add(names.KEY_CORRECTIONS, corrected)
    return corrected


def waits_for_verdict(records: Mapping[str, Record], before: float) -> list[str]:
    """Files that became ready before the time `before` and have no verdict yet: their message was lost."""
    return [path for path, record in records.items() if not record.verdict and record.since < before]
