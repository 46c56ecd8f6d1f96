"""What is asked after each run: of the disk, of the journals, of the words."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.acting.runs import AWAY, Action, Phase, Run
from shared.cli.duplicates_text import fell_short
from tests.acting.ledger import EVERYTHING, Ledger, canonical, counts, hidden_by
from tests.acting.party import KILLED, TRACEBACK, Outcome
from tests.acting.world import Hand, Seen, World, in_trash, is_ours


@dataclass
class Before:
    """How everything was before a run."""

    line: int
    seen: dict[Path, Seen]
    phases: dict[tuple[str, int], str]


def look(world: World, ledger: Ledger) -> Before:
    phases = {(hand.header.id, hand.entry.step.number): str(hand.entry.phase) for hand in world.steps()}
    return Before(len(ledger.history), world.look(), phases)


class Audit:
    """The questions after one run. Each raises AssertionError."""

    def __init__(self, world: World, ledger: Ledger, before: Before) -> None:
        self.world, self.ledger, self.before = world, ledger, before
        ledger.read()
        self.after = world.look()
        self.steps = world.steps()
        touched = ledger.touched_since(before.line)
        self.touched = touched | {canonical(Path(path)) for path in touched}

    def ask(self, outcome: Outcome, runs: Sequence[Run]) -> None:
        """All that can be asked of a run that ended, or was killed. runs: of the state folder that it was of."""
        assert outcome.status in (0, 1, 2, KILLED), f"it ended with {outcome.status}: {outcome.errors}"
        assert outcome.status != TRACEBACK
        self.nothing_is_lost()
        self.end_is_true(outcome, runs)
        if EVERYTHING in self.touched:
            return
        if not self.world.views:
            self.nothing_else_is_touched()
        self.keepers_stay()
        changed = [hand for hand in self.steps if self._changed(hand)]
        times = Counter(canonical(hand.path) for hand in changed)
        for hand in changed:
            if times[canonical(hand.path)] == 1:
                self._journal_is_true(hand)
        self.words_are_true(outcome)

    def nothing_is_lost(self) -> None:
        """Every content is in the open, or under a hidden name of a step in hand, or of one that is told of."""
        hands = {hand.hidden for hand in self.steps if hand.entry.phase in (Phase.BEGUN, Phase.RESTORING)}
        hands |= {hand.hidden for hand in self.steps if hand.entry.phase in AWAY and self._is_reported(hand)}
        held = {seen.digest for path, seen in self.after.items() if counts(path, seen) or hidden_by(path) in hands}
        lost = self.ledger.owed - held
        were = {str(path) for path, seen in self.before.seen.items() if seen.digest in lost}
        hidden = {str(path) for path, seen in self.after.items() if seen.digest in lost}
        assert not lost, f"lost: {len(lost)} contents, which were at {were}; now under hidden names only: {hidden}"

    def _is_reported(self, hand: Hand) -> bool:
        """Whether a run has said by what hidden name the file of a step is kept, until it is restored."""
        words = f'kept beside it as .imagesieve-{"-".join(hand.hidden)}"'
        return any(words in line for line in self.ledger.history)

    def keepers_stay(self) -> None:
        """A content that was in the watched folder is there still, unless it was taken as another one's duplicate."""
        top = self.world.root.resolve()

        def is_watched(path: Path, seen: Seen) -> bool:
            return path.is_relative_to(top) and counts(path, seen) and not in_trash(path.relative_to(top))

        watched = {seen.digest for path, seen in self.after.items() if is_watched(path, seen)}
        others = {hand.entry.step.digest for hand in self.steps if hand.entry.step.kind != "exact"}
        for path, seen in self.before.seen.items():
            if not is_watched(path, seen) or seen.digest in watched | others:
                continue
            same = [one for one, there in self.before.seen.items() if there.digest == seen.digest]
            assert self._touched(*same), f"no keeper: the content of {path} was in the watched folder, and is not now"

    def nothing_else_is_touched(self) -> None:
        """Files that no step is about are as they were."""
        hands = [
            hand for hand in self.steps if self._changed(hand) or hand.entry.phase in (Phase.BEGUN, Phase.RESTORING)
        ]
        about = {canonical(path) for hand in hands for path in (hand.path, hand.target) if path}
        about |= {hand.entry.step.digest for hand in self.steps if hand.header.action is Action.TRASH}
        for path, seen in self.before.seen.items():
            ours = in_trash(path) and seen.digest in about  # of two equal ones either will do
            if ours or canonical(path) in about or str(path) in self.touched or is_ours(path):
                continue
            assert path in self.after, f"touched: {path} is gone, and no step is about it"
            assert self.after[path].stays == seen.stays, f"touched: {path} has changed, and no step is about it"

    def _at(self, path: Path) -> Seen | None:
        return _find(self.after, path)

    def _changed(self, hand: Hand) -> bool:
        return self.before.phases.get((hand.header.id, hand.entry.step.number)) != hand.entry.phase

    def _touched(self, *paths: Path | None) -> bool:
        return any({str(path), canonical(path)} & self.touched for path in paths if path)

    def _journal_is_true(self, hand: Hand) -> None:
        """What was noted in this run is what the disk shows."""
        step, phase = hand.entry.step, hand.entry.phase
        if self._touched(hand.path, hand.target, hand.keeper):
            return
        if phase is Phase.RESTORED:
            seen = self._at(hand.path)
            assert seen, f"is not true: {hand.path} is said to be restored, and is not there"
            assert seen.digest == step.digest, f"is not true: {hand.path} is said to be restored, and has other bytes"
            restored = seen.stays == (step.digest, step.mode, step.mtime_ns)
            assert restored or seen.names > 1, f"not restored as it was: {hand.path}"
        if phase is Phase.DONE and self._is_new(hand):
            self._is_done(hand)
        if phase is Phase.UNDONE and not self.world.views and (hand.header.id, step.number) not in self.before.phases:
            seen, was = self._at(hand.path), _find(self.before.seen, hand.path)
            same = seen is not None and (was is None or seen.stays == was.stays)
            assert same, f"is not true: {hand.path} is said to be undone, and is not"

    def _is_new(self, hand: Hand) -> bool:
        return self.before.phases.get((hand.header.id, hand.entry.step.number)) in (None, "begun")

    def _is_done(self, hand: Hand) -> None:
        step = hand.entry.step
        if hand.header.action in (Action.MOVE, Action.TRASH):
            assert hand.target, f"is not true: {hand.path} is said to be in the trash, and nowhere is said"
            seen = self._at(hand.target)
            there = seen is not None and seen.digest == step.digest
            assert there, f"is not true: {hand.path} is said to be at {hand.target}, and is not"
            left = self._at(hand.path)
            gone = left is None or left.digest != step.digest or self._was_put(hand, left)
            assert gone, f"is not true: {hand.path} is said to be gone"
            return
        seen = self._at(hand.path)
        assert seen, f"is not true: {hand.path} is said to be a link, and is not there"
        if hand.header.action is Action.SYMLINK:
            assert hand.path.resolve() == hand.keeper.resolve(), (
                f"is not true: {hand.path} is said to be a link to its keeper"
            )
        else:
            linked = hand.keeper.is_file() and hand.path.samefile(hand.keeper)
            linked = linked or (seen.digest == step.digest and self._is_acted_on(hand.keeper))  # it outlives its keeper
            assert linked, f"is not true: {hand.path} is said to be its keeper"

    def _is_acted_on(self, path: Path) -> bool:
        """Whether a step that changed in this run is about what has this path."""
        return any(canonical(hand.path) == canonical(path) for hand in self.steps if self._changed(hand))

    def _was_put(self, hand: Hand, left: Seen) -> bool:
        """Whether what is at the path is a file of the same bytes that came there when a run had been cut off."""
        was = _find(self.before.seen, hand.path)
        return self._was_begun(hand) and was == left and left.inode[1] != hand.entry.step.inode

    def _was_begun(self, hand: Hand) -> bool:
        return self.before.phases.get((hand.header.id, hand.entry.step.number)) == Phase.BEGUN

    def end_is_true(self, outcome: Outcome, runs: Sequence[Run]) -> None:
        """The exit status, and what is said to be away or in hand at the end, are what the journals say."""
        reported = {name: Counter[str]() for name in ("still away", "in hand")}
        for event in outcome.events:
            if event["event"] in reported:
                reported[event["event"]][event["run"]] += event["files"]
        if outcome.killed or not any(event["event"] == "end" for event in outcome.events):
            return
        if outcome.is_dry:  # then `cut off` says it, and nothing has failed
            return
        in_hand = Counter({run.header.id: len(run.in_hand) for run in runs if run.in_hand})
        away = Counter({run.header.id: len(run.in_phase(*AWAY)) for run in runs if run.in_phase(*AWAY)})
        missing = [
            entry
            for run in runs
            for entry in run.in_phase(Phase.MISSING)
            if self.before.phases.get((run.header.id, entry.step.number)) != Phase.MISSING
        ]
        failed = any(event["event"] == "left" or event.get("failed") for event in outcome.events)
        short = outcome.status != 0 or fell_short(outcome.events)
        assert short or not (failed or in_hand or missing), f"the exit status is 0: {in_hand}, {missing}"
        assert reported["in hand"] == in_hand, f"what is in hand is not said: {in_hand}, {reported}"
        if outcome.restores:
            assert reported["still away"] == away, f"what is still away is not said: {away}, {reported}"

    def words_are_true(self, outcome: Outcome) -> None:
        """What was told of each file is what its journal and the disk say."""
        ends = {"acted": (Phase.DONE,), "restored": (Phase.RESTORED,), "left": (*AWAY, Phase.RESTORING)}
        reported = [event for event in outcome.events if event["event"] in ("acted", "settled", "restored")]
        changed = {self.world.root / event["path"] for event in reported}
        for event in outcome.events:
            name, path = event["event"], self.world.root / event.get("path", "")
            if name in ends:
                phases = [hand.entry.phase for hand in self.steps if canonical(hand.path) == canonical(path)]
                assert any(phase in ends[name] for phase in phases), (
                    f"told, and not true: {path} is to be {name}: {phases}"
                )
            if name == "acted" and event["to"].startswith("/") and not self._touched(path, Path(event["to"])):
                assert self._at(Path(event["to"])), f"told, and not true: {path} is to be at {event['to']}, and is not"
            in_hand = any(canonical(hand.path) == canonical(path) for hand in self.world.in_hand())
            if (
                name == "skipped"
                and not in_hand
                and path not in changed
                and not self._touched(path)
                and not self.world.views
            ):
                seen, was = self._at(path), _find(self.before.seen, path)
                assert (seen and seen.stays) == (was and was.stays), f"told, and not true: {path} is to be left alone"


def _find(seen: dict[Path, Seen], path: Path) -> Seen | None:
    """What is at a path, whatever link leads to its folder."""
    return seen.get(path) or seen.get(Path(os.path.realpath(path.parent)) / path.name)
