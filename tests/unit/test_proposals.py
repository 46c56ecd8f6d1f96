"""Whatever is proposed, by whom and how late: verdicts are those of a writer that does all by itself."""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.records import ImageFacts, Match, Relation
from tests.unit.test_candidates import crops, fill
from tests.unit.test_following import happen
from tests.unit.test_judge import World
from worker.engine.search.ranking import Ranking, Scored, Source, ranking_of
from worker.engine.search.vectors import RECENT, Vectors
from worker.pipeline.comparison import File
from worker.pipeline.judging import recalling
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.proposal import Proposal
from worker.pipeline.judging.proposer import Proposer

PATHS = [f"{number}.jpg" for number in range(12)]
CONTENTS = "abcdefghijklmn"
PIXELS = {"a": "p", "b": "p", "c": "q", "d": "q"}
FEW = 3  # candidates
WIDE = 2  # times as many are ranked


class Index:
    """Pairs of contents have scores by their names, none of them alike."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.count = 0
        self.searched = 0

    def add(self, digests: Sequence[str]) -> None:
        for digest in digests:
            if digest not in self.numbers:
                self.numbers[digest] = self.count
                self.count += 1

    def remove(self, digest: str) -> None:
        self.numbers.pop(digest, None)

    def read_ahead(self, digests: Sequence[str]) -> None:
        """Nothing is stored of them."""

    def mark(self, digest: str | None = None) -> tuple[int, int] | None:
        number = self.count if digest is None else self.numbers.get(digest)
        return None if number is None else (1, number)

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        self.searched += 1
        found = self.rank(digest, FEW).choose(keeper_of, FEW)
        assert found is not None
        return found

    def rank(self, digest: str, count: int, since: tuple[int, int] | None = None) -> Ranking:
        among = [one for one, number in self.numbers.items() if one != digest and (not since or number >= since[1])]
        return ranking_of(*(self._source(word, digest, among) for word in ("keypoints", "features")))

    def _source(self, word: str, digest: str, among: Sequence[str]) -> list[Scored]:
        scores = ((one, crc32(f"{word} {sorted((one, digest))}".encode()) / 2**32) for one in among)
        least = 0.4 if word == "keypoints" else 0.0
        return sorted((one for one in scores if one[1] > least), key=lambda one: -one[1])[: WIDE * FEW]


class Searched(World):
    """A world whose writer searches an index."""

    def __init__(self, alike: dict[frozenset[str], float], varied: dict[frozenset[str], float], strange: set[str]):
        self.index = Index()
        super().__init__()
        self.alike, self.varied, self.strange = alike, varied, strange
        for name in ("add", "remove", "read_ahead", "mark", "search", "rank"):
            setattr(self, name, getattr(self.index, name))

    def new_judge(self) -> Any:
        self.index.__init__()  # type: ignore[misc]
        for name in ("add", "remove", "read_ahead", "mark", "search", "rank"):
            setattr(self, name, getattr(self.index, name))
        return super().new_judge()

    def compare(self, keeper: File, other: File) -> Match | None:
        """As of real files: nothing is said of one that holds something else by now."""
        [record] = self.store.records([keeper.path])
        return super().compare(keeper, other) if record and record.digest == keeper.record.digest else None

    def screen(self, known: Sequence[str], new: str) -> set[str]:
        return {one for one in known if f"{one}{new}" not in self.strange and f"{new}{one}" not in self.strange}


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("judge", "recalling", "proposer"):
            patch.setattr(f"worker.pipeline.judging.{module}.CANDIDATES", FEW)
        patch.setattr(recalling, "WIDER", WIDE)
        yield


pairs = st.sampled_from([f"{one}{other}" for one in CONTENTS for other in CONTENTS if one < other])
likenesses = st.dictionaries(pairs.map(frozenset), st.floats(0.5, 0.99), max_size=25)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(PATHS), st.sampled_from(CONTENTS), st.integers(1, 60)),
        st.tuples(st.just("propose"), st.integers(0, 1)),
        st.tuples(st.just("commit"), st.lists(st.sampled_from(PATHS), min_size=1, max_size=4)),
        st.tuples(st.just("leave"), st.sampled_from(PATHS)),
        st.tuples(st.just("touch"), st.sampled_from(PATHS)),
        st.tuples(st.just("regroup")),
    ),
    max_size=50,
)
counted: Counter[str] = Counter()


class Party:
    """A writer with two proposers, whose proposals may be late, and a writer that works alone on the same files."""

    def __init__(self, *nature: Any) -> None:
        self.worlds = self.helped, self.alone = Searched(*nature), Searched(*nature)
        store = self.helped.store
        self.proposers = [
            Proposer(store, Collection(store, Index(), as_told=True), self.helped.screen, self.helped.compare, "e")
            for _ in range(2)
        ]
        self.proposals: dict[str, Proposal] = {}

    def propose(self, who: int) -> None:
        """For all that waits; the earlier proposals stay, as messages that are under way do."""
        for proposal in self.proposers[who].propose(PATHS):
            wire = json.loads(json.dumps(proposal.to_wire()))
            assert Proposal.from_wire(wire) == proposal
            self.proposals.setdefault(proposal.digest, Proposal.from_wire(wire))

    def commit(self, paths: list[str]) -> None:
        """Both writers look."""
        before = self.helped.index.searched
        self.helped.judge.look(paths, list(self.proposals.values()))
        self.alone.judge.look(paths)
        counted["looks"] += 1
        counted["looks without a search"] += self.helped.index.searched == before


@given(likenesses, likenesses, st.sets(pairs, max_size=20), steps)
@settings(max_examples=300, deadline=None)
def compare_writers(
    alike: dict[frozenset[str], float], varied: dict[frozenset[str], float], strange: set[str], history: list[Any]
) -> None:
    party = Party(alike, varied, strange)
    for step, *more in [*history, ("propose", 0), ("commit", PATHS)]:
        if step == "propose":
            party.propose(*more)
        elif step == "commit":
            party.commit(*more)
        for world in party.worlds:
            if step == "put":
                path, content, width = more
                world.put(path, content, PIXELS.get(content, ""), width=width, mtime=width)
            elif step in ("leave", "touch", "regroup"):
                happen(world, step, more)
        assert party.helped.verdicts() == party.alone.verdicts()
        assert dict(party.helped.store.matches()) == dict(party.alone.store.matches())
    assert party.helped.judge._known == party.alone.judge._known


def test_verdicts_are_those_of_a_writer_that_works_alone() -> None:
    compare_writers()
    # Else that says nothing: with a search in each look both writers would be the same.
    assert counted["looks without a search"] > counted["looks"] / 4


def test_two_copies_that_were_proposed_at_once_are_not_both_unique() -> None:
    party = Party({frozenset({"a", "f"}): 0.9}, {}, set())
    for path, content in zip(PATHS, "efa", strict=False):
        party.helped.put(path, content)
    party.propose(0)
    party.helped.compared.clear()
    party.helped.judge.look([])
    before = party.helped.index.searched
    party.helped.judge.look(PATHS, list(party.proposals.values()))
    assert party.helped.verdicts()[PATHS[2]] == ("near", PATHS[1])
    assert party.helped.index.searched == before


def test_a_proposal_is_no_reason_to_compare_again() -> None:
    party = Party({frozenset({"a", "e"}): 0.9}, {}, set())
    party.helped.arrive(PATHS[0], "a")
    party.helped.judge.look([])
    party.helped.put(PATHS[1], "e")
    party.propose(0)
    assert party.helped.compared == [frozenset("ae")]
    party.helped.judge.look([PATHS[1]], list(party.proposals.values()))
    assert party.helped.verdicts()[PATHS[1]] == ("near", PATHS[0])
    assert party.helped.compared == [frozenset("ae")]
    assert party.helped.store.find_matches([("a", "e")]) == [Match(0.9, "like a")]


GOOD = Proposal(
    "new", "e", "7-0", Ranking(Source((("a", 2.5), ("b", 1.0))), Source((("b", 0.3),), whole=False)),
    {"a": "k", "b": "b"}, {"a": True, "k": True, "b": False},
    {"a": ("A.jpg", Match(0.9, "like", Relation.VARIANT, 0.1, ((0, 0, 1, 1), (0, 0, 1, 1)))), "k": ("K\udcff", None)},
)  # fmt: skip


@pytest.mark.parametrize(
    "harm",
    [
        {"names": "abc"}, {"names": ["a"]}, {"names": [1, 2, 3]}, {"names": ["n"] * 5000}, {"digest": 1},
        {"position": None}, {"keypoints": [1, []]}, {"features": [True, [[0, float("nan")]]]},
        {"keepers": [[0, -1]]}, {"strangers": [99]}, {"promising": ["a"]}, {"compared": [[0, "a", "rubbish"]]},
        {"compared": 3},
    ],
)  # fmt: skip
def test_what_is_no_proposal_is_refused(harm: dict[str, Any]) -> None:
    wire = GOOD.to_wire()
    assert Proposal.from_wire(json.loads(json.dumps(wire))) == GOOD
    with pytest.raises(ValueError, match="proposal"):
        Proposal.from_wire(wire | harm)
    with pytest.raises(ValueError, match="proposal"):
        Proposal.from_wire({name: value for name, value in wire.items() if name not in harm})


scores = st.lists(st.integers(0, 1000), unique=True, max_size=30)


@given(scores, st.integers(0, 30), scores, st.integers(1, 6), st.integers(1, 40))
def test_a_part_of_a_ranking_and_what_is_newer_give_what_the_whole_gives(
    keypoints: list[int], newer: int, features: list[int], count: int, most: int
) -> None:
    def source(values: list[int], least: int, until: int) -> Source:
        found = [(f"{score % 17}-{score}", float(score)) for score in values if least <= score < until]
        return Source(tuple(sorted(found, key=lambda one: -one[1])[:most]))

    def group_of(name: str) -> str:
        return name.partition("-")[0]

    split = newer * 33
    whole = Ranking(source(keypoints, 0, 1001), source(features, 0, 1001))
    recent = Ranking(source(keypoints, split, 1001), source(features, split, 1001))
    older = Ranking(source(keypoints, 0, split), source(features, 0, split)).needed(group_of, count)
    found = older.merged(recent, most).choose(group_of, count)
    assert found is None or found == whole.choose(group_of, count)
    if not recent.names():
        assert found == whole.choose(group_of, count)


def test_the_newer_images_of_an_index_are_ranked_as_among_all() -> None:
    pictures = crops(90)
    world = World()
    fill(world.store, {f"{number:03}": piece for number, piece in enumerate(pictures)})
    index = ContentIndex(world.store, "e")
    names = [f"{number:03}" for number in range(90)]
    index.add(names[:70])
    mark = index.mark()
    assert mark == (1, 70)
    for name in names[70:80]:
        index.add([name])
    index.remove("071")
    for name in names:
        whole, part = index.rank(name, 90), index.rank(name, 90, mark)
        assert whole
        assert part
        for one, other in ((whole.keypoints, part.keypoints), (whole.features, part.features)):
            wanted = [(found, score) for found, score in one.found if found >= "070"]
            assert [found for found, _ in other.found] == [found for found, _ in wanted]
            assert np.allclose([score for _, score in other.found], [score for _, score in wanted], atol=1e-3)
    assert index.mark("075") == (1, 75)
    assert index.mark("071") is None
    assert index.rank(names[0], 5, (0, 70)) is None, "of an index that was fitted on others"


def test_rows_that_can_be_searched_apart_are_the_latest() -> None:
    chance = np.random.default_rng(0)
    vectors, rows = Vectors(4), chance.standard_normal((4 * RECENT, 4)).astype(np.float32)
    for start in range(0, len(rows), 1000):
        vectors.add(rows[start : start + 1000])
        first = vectors.recent
        assert len(vectors) - first >= min(RECENT, len(vectors)) - 1000
        numbers, similarities = vectors.search_since(rows[7], 3, first + 5)
        wanted = rows[first + 5 : len(vectors)].astype(np.float16).astype(np.float32) @ rows[7]
        assert numbers.tolist() == (np.argsort(-wanted, kind="stable")[:3] + first + 5).tolist()
        assert np.allclose(similarities, np.sort(wanted)[::-1][:3])
        with pytest.raises(ValueError, match="apart"):
            vectors.search_since(rows[7], 3, first - 1)


def test_contents_whose_verdict_was_not_written_are_newer_than_any_proposal() -> None:
    party = Party({frozenset({"a", "f"}): 0.9}, {}, set())
    helped = party.helped
    helped.put(PATHS[0], "a")
    give = helped.store.give_verdicts

    def overtaken(changes: Any, *more: Any) -> list[bool]:
        return give([(path, dataclasses.replace(old, size=1), new) for path, old, new in changes], *more)

    helped.store.give_verdicts = overtaken  # type: ignore[method-assign]
    helped.judge.look([PATHS[0]])
    helped.store.give_verdicts = give  # type: ignore[method-assign]
    helped.arrive(PATHS[1], "e")
    helped.judge.look([])
    helped.store.put_images("e", [("f", ImageFacts(1, 1, "f"), b"", b"")])
    helped.put(PATHS[2], "f")
    party.propose(0)
    assert "a" not in party.proposals["f"].ranking.names()
    helped.judge.look([PATHS[2]], list(party.proposals.values()))
    assert helped.store.find_matches([("a", "f")]) == [Match(0.9, "like a")]
