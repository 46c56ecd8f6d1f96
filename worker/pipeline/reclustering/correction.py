"""Recluster is the authority: groups from all verified pairs, and the verdicts that follow from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from shared.decisions import UNDECIDED, Decided
from shared.records import DUPLICATE_KINDS, ImageFacts, Match, Pair, Record, Relation, State, Verdict, pair_of
from shared.store import Events, Pairs, Tallies
from worker.engine.groups.decided import classes_apart, mark_kept, without_apart
from worker.engine.groups.groups import Group, Member
from worker.engine.groups.keepers import Rank
from worker.engine.groups.variants import Variant, find_variants
from worker.engine.groups.verified import verified_groups
from worker.pipeline.comparison import Compare, File
from worker.pipeline.members import make_event
from worker.pipeline.renewal import RenewalStore, renew_images

COMPARED = tuple(kind for kind in DUPLICATE_KINDS if kind.is_compared)


class GroupingStore(RenewalStore, Pairs, Tallies, Protocol):
    """What groups are made of."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What the files of a collection are to each other. variants: of files that no group has for a duplicate."""

    groups: Sequence[Group]
    variants: Sequence[Variant] = ()


def group_files(
    store: GroupingStore,
    members: Sequence[Member],
    records: Mapping[str, Record],
    compare: Compare,
    rank: Rank,
    waiting: int = 0,
    decided: Decided = UNDECIDED,
) -> Grouping:
    """Groups and variants. Pairs that only others connect are compared now, and recorded; those of gone files go.

    Two copies of a picture that is gone are among those compared: perhaps nobody did, because the original stood
    between them. So is a pair that a verdict rests on and that is not on record, lost or damaged. waiting: files that
    are still being read, perhaps again for another extractor; while there are any, nothing goes. Contents that are
    compared by their bytes alone are in groups of such, whatever was once found of them. decided: by users; what was
    found of pictures that are apart stays on record, and counts again once the decision is undone.
    """
    pictures = {path: record for path, record in records.items() if not record.is_by_bytes}
    files = {record.digest: File(path, record) for path, record in pictures.items()}
    shown = [member for member in members if member.digest in files]
    others = [member for member in members if member.digest not in files]
    matches = dict(store.matches())
    gone = [pair for pair in matches if pair[0] not in files or pair[1] not in files]
    pixels = _pixels(store, files, gone)
    apart = classes_apart(decided, pixels)
    asked: dict[Pair, Match | None] = {}

    def verify(keeper: str, other: str) -> Match | None:
        pair = pair_of(keeper, other)
        if not without_apart({pair: None}, apart, pixels):
            return None
        if pair not in asked:
            asked[pair] = compare(files[keeper], files[other])
        return asked[pair]

    def fresh() -> dict[Pair, Match]:
        return {pair: match for pair, match in asked.items() if match}

    for keeper, other in _compared(pictures):
        if pair_of(keeper, other) not in matches:
            verify(keeper, other)
    facts = _facts_of_twins(store, files, pixels)
    while True:
        groups = verified_groups(shown, pixels, matches | fresh(), verify, rank, facts, decided)
        near = _count_near(fresh())
        known = without_apart(matches | fresh(), apart, pixels)
        variants = find_variants(shown, pixels, known, groups, verify, rank)
        if _count_near(fresh()) == near:
            break  # else two that only variants connected are one picture, and belong into one group
    store.put_matches(fresh())
    if not waiting and not store.counts().pending:
        store.drop_matches(gone)
    groups += verified_groups(others, {}, {}, verify, rank, decided=decided)
    return Grouping(list(mark_kept(groups, decided)), variants)


def _count_near(matches: Mapping[Pair, Match]) -> int:
    return sum(match.relation is Relation.NEAR for match in matches.values())


def _compared(records: Mapping[str, Record]) -> set[tuple[str, str]]:
    """Digests of keeper and duplicate, or of a picture and its variant, as the verdicts have them."""
    found = (
        (record.duplicate_of if record.verdict in COMPARED else record.variant_of, record)
        for record in records.values()
    )
    pairs = ((records[path].digest, record.digest) for path, record in found if path in records)
    return {(keeper, other) for keeper, other in pairs if keeper != other}


def _pixels(store: RenewalStore, files: Mapping[str, File], gone: Sequence[Pair]) -> dict[str, str]:
    """Digest of the pixels of each picture, the gone included; of lost or damaged facts the files are read anew."""
    digests = sorted(files.keys() | chain.from_iterable(gone))
    found = dict(zip(digests, store.pixels(digests), strict=True))
    unknown = [digest for digest in digests if digest in files and not found[digest]]
    if unknown:
        facts = store.facts(files[unknown[0]].record.extractor, unknown)
        lost = [digest for digest, known in zip(unknown, facts, strict=True) if known is None]
        if lost:
            renew_images(store, lost)
    return {digest: pixels for digest, pixels in found.items() if pixels}


def _facts_of_twins(store: RenewalStore, files: Mapping[str, File], pixels: Mapping[str, str]) -> dict[str, ImageFacts]:
    """Facts of the contents that share their pixels with another one."""
    contents = Counter(pixels[digest] for digest in files if digest in pixels)
    twins = sorted(digest for digest in files if contents[pixels.get(digest, "")] > 1)
    return {digest: facts for digest, facts in zip(twins, store.about(twins), strict=True) if facts}


def verify_again(
    store: Pairs, members: Sequence[Member], records: Mapping[str, Record], compare: Compare, rank: Rank
) -> int:
    """Compare every known pair anew, and forget those that no longer pass; how many. Pairs of gone files are left.

    For thresholds that changed since the pairs were verified; decoding both and 200 to 400 ms a pair.
    """
    best: dict[str, str] = {}
    for member in sorted(members, key=rank):
        if not records[member.path].is_by_bytes:
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
    store: Events,
    records: Mapping[str, Record],
    grouping: Grouping,
    clusters: Mapping[str, int],
    now: float,
    holder: str = "",
) -> int:
    """Bring given verdicts in line with groups and variants, each change with its event; how many were changed.

    A file without a verdict is left to the verdict writer, which has not compared it yet. holder: of the lease of
    recluster runs; raises LeaseTaken where it is another's by now.
    """
    wanted: dict[str, tuple[Any, ...]] = {
        one.member.path: (Verdict.UNIQUE.value, "", one.similarity, one.reason, one.of.path, one.share)
        for one in grouping.variants
    }
    wanted |= {
        duplicate.member.path: (duplicate.kind.value, group.keeper.path, duplicate.similarity, duplicate.reason)
        for group in grouping.groups
        for duplicate in group.duplicates
    }
    changes, events = [], []
    for path, record in records.items():
        if record.state is not State.READY or not record.verdict:
            continue
        new = record.with_verdict(*wanted.get(path, (Verdict.UNIQUE.value,)))
        if new != record:
            changes.append((path, record, new))
            events.append(make_event(path, new, clusters.get(record.digest), now))
    return sum(store.give_verdicts(changes, events, correction=True, holder=holder))


def waits_for_verdict(records: Mapping[str, Record], now: float, longer_than: float = 0) -> list[str]:
    """Files ready, or failed, without a verdict for more than `longer_than` seconds: their message was lost.

    So was that of a record from the future, written before the clock was set back.
    """
    return [
        path for path, record in records.items() if not record.verdict and not 0 <= now - record.since <= longer_than
    ]
