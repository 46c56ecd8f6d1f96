"""Figures of reports that are about something else."""

import pickle
from collections.abc import Callable, Iterator

import pytest

from worker.engine.report import figures
from worker.engine.report.theme import Theme

_drawn: dict[bytes, figures.Figure] = {}


@pytest.fixture(scope="module")
def drawn_once() -> Iterator[None]:
    """Each figure is drawn, but only once where others have the same curves: tests of runs draw the same hundredfold.

    That the same curves give the same file, tests/unit/test_report_figures.py holds, without this.
    """
    draw_both = figures._figure

    def draw(draw: Callable[[Theme], bytes], alt: str, caption: str) -> figures.Figure:
        key = pickle.dumps((draw, alt, caption))
        if key not in _drawn:
            _drawn[key] = draw_both(draw, alt, caption)
        return _drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "_figure", draw)
        yield
