"""How names, sizes and counts are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from shared.wording import fit, number_of, show, size_of


def test_counts_agree_with_their_nouns():
    assert number_of(1, "image") == "1 image"
    assert number_of(2000, "image") == "2,000 images"
    assert number_of(0, "image") == "0 images"
    assert number_of(2, "is", "are") == "2 are"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"),
     (999_949, "999.9 kB"), (999_950, "1.0 MB"), (10**9 - 1, "1.0 GB"), (45 * 10**11, "4.5 TB"), (10**19, "10.0 EB")],
)  # fmt: skip
def test_sizes_have_one_notation(count, words):
    assert size_of(count) == words


@given(st.integers(0, 10**18))
def test_a_size_is_short_and_right(count):
    number, unit = size_of(count).split()
    assert len(size_of(count)) <= len("999.9 kB")
    factor = 1000 ** ["B", "kB", "MB", "GB", "TB", "PB", "EB"].index(unit)
    assert abs(float(number) * factor - count) <= factor * 0.0500001
    assert re.fullmatch(r"\d{1,3}(\.\d)?", number)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("é ü 漢字.jpg", "é ü 漢字.jpg"),
     ("a\nb", "a\\nb"), ("\udcff.jpg", "\\xff.jpg"), ("\u202egpj.exe", "\\u202egpj.exe"),
     ("\x1b[31m", "\\x1b[31m"), ("a\u2028b", "a\\u2028b"), ("\ud800", "\\ud800")],
)  # fmt: skip
def test_names_that_do_not_print_are_escaped(name, shown):
    assert show(name) == shown


@given(st.text(max_size=400) | st.text("漢a\u0301🙂🇩🇪/", max_size=400), st.integers(10, 80))
def test_fitted_text_fits_and_keeps_both_ends(text, columns):
    fitted = fit(text, columns)
    assert cell_len(fitted) <= columns
    assert "…" in fitted or fitted == show(text, 4 * columns)


@given(st.text(max_size=400), st.integers(10, 200))
def test_shown_text_prints_is_bounded_and_encodes(text, longest):
    shown = show(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest
    shown.encode()


def test_the_middle_of_a_long_name_is_left_out():
    assert show("a" * 300 + ".jpg", 21) == "aaaaaaaaaa…aaaaaa.jpg"
