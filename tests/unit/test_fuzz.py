"""A short fuzzing run over what decodes untrusted files, and that a long one would notice what it looks for."""

import sys

import pytest

from tests.fuzz.decoder import PEAK, Decoder
from tests.fuzz.run import Tally, fuzz
from tests.fuzz.seeds import make_seeds

FAKE = """
import json, os, struct, sys, time
print('{"ready": true}', flush=True)
while head := sys.stdin.buffer.read(4):
    word = sys.stdin.buffer.read(*struct.unpack("<I", head))
    if word == b"crash":
        os.abort()
    while word == b"hang":
        pass
    print(json.dumps({"outcome": "read", "detail": "", "peak": PEAK if word == b"memory" else 0}), flush=True)
"""


def test_mutated_files_are_read_or_refused_and_nothing_else() -> None:
    tally = fuzz(examples=150, seed=20261123)
    assert not tally.bad, {kind: look.detail for kind, (_, look) in tally.bad.items()}
    assert sum(tally.outcomes.values()) == 150
    assert min(tally.outcomes["read"], tally.outcomes["refused"]) > 20


def test_every_seed_is_read_as_it_is() -> None:
    with Decoder() as decoder:
        assert {
            name: look for name, data in make_seeds().items() if (look := decoder.look(data)).outcome != "read"
        } == {}


@pytest.mark.parametrize("fault", ["crash", "hang", "memory"])
def test_a_fault_is_noticed_and_the_next_file_is_looked_at(fault: str) -> None:
    tally = Tally()
    with Decoder([sys.executable, "-c", FAKE.replace("PEAK", str(PEAK + 1))], seconds=0.3) as decoder:
        for word in ("good", fault, "good"):
            tally.note(word, word.encode(), decoder.look(word.encode()))
    assert tally.outcomes == {"read": 2, fault: 1}
    [(data, look)] = tally.bad.values()
    assert data == fault.encode()
    assert look.bad
