"""Parts for several cores: whole, about equal, and in order."""

import numpy as np
import pytest

from worker.engine.clusters.concurrency import CHUNK_ROWS, chunks, run_parts


@pytest.mark.parametrize("rows", [0, 1, 7, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS - 72, 10_000, 123_457])
def test_chunks_cover_all_rows_once_and_none_is_left_over(rows):
    parts = chunks(rows)
    np.testing.assert_array_equal(
        np.concatenate([np.arange(rows)[part] for part in [*parts, slice(0, 0)]]), range(rows)
    )
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes, default=0) <= CHUNK_ROWS
    if rows > CHUNK_ROWS:
        assert len(sizes) % 2 == 0
        assert min(sizes) > 0.9 * max(sizes)


def test_results_come_in_the_order_of_the_parts():
    assert list(run_parts(lambda part: part * part, list(range(50)))) == [part * part for part in range(50)]


def test_an_error_in_a_part_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(run_parts(lambda part: 1 / part, [2, 1, 0]))
