"""The collection over its generations: images, duplicates and k."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import EngFormatter, MaxNLocator

from shared.records.history import Snapshot
from worker.engine.report.theme import LIGHT, SMALL, Theme, legend_above, new_figure, png, style_axes

TALL: Final = 3.6  # inches


def timeline_png(history: Sequence[Snapshot], theme: Theme = LIGHT) -> bytes:
    """Images and duplicates over time, and k below. history: oldest first, two or more."""
    figure = new_figure(theme, TALL)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1), gridspec_kw={"hspace": 0.42})
    style_axes(above, theme, "Over the generations")
    style_axes(below, theme, "k")
    at = [date2num(datetime.fromisoformat(snapshot.created)) for snapshot in history]
    _steps(above, at, [snapshot.images for snapshot in history], theme.line, "images")
    _steps(above, at, [snapshot.duplicates for snapshot in history], theme.chosen, "duplicates")
    _steps(below, at, [snapshot.k for snapshot in history], theme.ink, "k")
    for axes in (above, below):
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    above.yaxis.set_major_formatter(EngFormatter(sep=""))
    locator = AutoDateLocator(minticks=3, maxticks=6)
    below.xaxis.set_major_locator(locator)
    below.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    below.xaxis.get_offset_text().set(color=theme.ink, fontsize=SMALL)
    legend_above(above, theme)
    return png(figure, theme)


def _steps(axes: Any, at: Sequence[float], values: Sequence[int], colour: str, label: str) -> None:
    """A generation counts until the next one."""
    marker = {"marker": "o", "ms": 3.5} if len(at) <= 40 else {}
    axes.plot(at, values, drawstyle="steps-post", color=colour, lw=1.8, label=label, clip_on=False, **marker)
