"""Lines that fit a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from shared.cli.terminal import folded

SENTENCE = "       to do: connect to the network and start again; or copy the file here and name its path"


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_long_sentence_is_broken_between_words(columns: int) -> None:
    lines = list(folded([SENTENCE, "short"], columns))
    assert max(map(cell_len, lines)) <= columns
    assert " ".join(" ".join(lines).split()) == " ".join([*SENTENCE.split(), "short"])
    assert len(lines) == (2 if columns == 120 else 3)
    assert all(line.startswith("         ") for line in lines[1:-1])


def test_a_path_stays_whole() -> None:
    path = "/home/somebody/" + "holiday/" * 20 + "report.html"
    assert path in list(folded([f"ok     state folder: {path}"], 60))[-1].split()


@given(st.lists(st.text(), max_size=3), st.integers(60, 120))
def test_what_fits_stays_as_it_is(lines: list[str], columns: int) -> None:
    fitting = [line for line in lines if cell_len(line) <= columns]
    assert list(folded(fitting, columns)) == fitting
