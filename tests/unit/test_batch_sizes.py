"""In which batches the network takes pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.network.vgg16 import batch_sizes


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (3, [2, 1]),
        (5, [4, 1]),
        (21, [16, 4, 1]),
        (29, [32]),
        (32, [32]),
        (70, [32, 32, 4, 2]),
    ],
)
def test_a_few_powers_of_two_for_any_number_of_pictures(count: int, sizes: list[int]) -> None:
    assert batch_sizes(count, 32) == sizes


@given(st.integers(0, 3000), st.integers(1, 1024))
def test_every_picture_has_a_place_few_are_blank_and_few_sizes_are_used(count: int, largest: int) -> None:
    sizes = batch_sizes(count, largest)
    assert sum(sizes[:-1]) < max(count, 1)
    assert count <= sum(sizes) <= count + max([*sizes[-1:], 0]) / 8
    assert all(size == largest or (size < largest and size.bit_count() == 1) for size in sizes)
