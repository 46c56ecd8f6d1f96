"""A run over so many mutated files, and what came of them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.decoder import Decoder, Look
from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import make_seeds


@dataclass
class Tally:
    """outcomes: how many files came to each. read: from which seeds. bad: the first file of each kind, and its look."""

    outcomes: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: int = 0
    bad: dict[str, tuple[bytes, Look]] = field(default_factory=dict)

    def note(self, seed: str, data: bytes, look: Look) -> None:
        """Take in one file."""
        self.outcomes[look.outcome] += 1
        self.read[seed] += look.outcome == "read"
        self.slowest = max(self.slowest, look.seconds)
        self.peak = max(self.peak, look.peak)
        if look.bad:
            self.bad.setdefault(f"{look.outcome}: {look.detail.strip().splitlines()[-1][:200]}", (data, look))

    def __str__(self) -> str:
        """For people."""
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        return f"{outcomes}; slowest {self.slowest:.2f} s, largest peak {self.peak / 2**20:.0f} MiB"


def fuzz(examples: int, seed: int, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Look at so many mutated files. The same seed gives the same files."""
    seeds, tally = make_seeds(), Tally()
    names = sorted(seeds)

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what is found is collected, so that one defect does not hide the others
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(names), st.sampled_from(names), st.randoms(use_true_random=True))
    def look_at(name: str, other: str, chance: Random) -> None:
        data = mutate(chance, seeds[name], seeds[other])
        tally.note(name, data, decoder.look(data))
        progress(tally)

    with Decoder() as decoder:
        look_at()
    return tally
