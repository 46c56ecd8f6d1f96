"""The two curves by which k was chosen, as PNG files, for light and for dark pages."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from worker.engine.selection import Choice

WIDTH, HEIGHT, DPI = 5.6, 3.5, 180  # inches, inches, dots an inch


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a figure."""

    surface: str
    ink: str
    faint: str
    line: str
    chosen: str


LIGHT: Final = Theme(surface="#ffffff", ink="#1d2330", faint="#d9dde5", line="#2b5fd9", chosen="#c2410c")
DARK: Final = Theme(surface="#181c25", ink="#e6e9f0", faint="#343b4a", line="#8ab0ff", chosen="#ff9d5c")


def elbow_png(choice: Choice, theme: Theme = LIGHT) -> bytes:
    """Inertia over k, with the elbow and the chosen k marked."""
    figure, axes = _axes("Elbow: inertia over k", "inertia", theme)
    ks = range(1, len(choice.inertias) + 1)
    _curve(axes, ks, choice.inertias, theme, "There are no images to divide.")
    if choice.elbow is not None:
        height = choice.inertias[choice.elbow - 1]
        axes.plot(
            choice.elbow, height, "o", ms=11, mfc="none", mec=theme.ink, mew=1.6, label=f"elbow, k = {choice.elbow}"
        )
    if choice.k:
        _mark(axes, choice.k, choice.inertias[choice.k - 1], theme)
    return _png(figure, axes, theme, len(ks))


def silhouette_png(choice: Choice, theme: Theme = LIGHT) -> bytes:
    """Mean silhouette over k, with the chosen k, and what a collection without clusters reaches."""
    figure, axes = _axes("Silhouette: mean over k", "mean silhouette", theme)
    known = [(k, value) for k, value in enumerate(choice.silhouettes, start=1) if value is not None]
    ks, values = [k for k, _ in known], [value for _, value in known]
    _curve(axes, ks, values, theme, "Too few different images for a silhouette.")
    if choice.best is not None and choice.best != choice.k:
        height = choice.silhouettes[choice.best - 1]
        axes.plot(
            choice.best, height, "o", ms=11, mfc="none", mec=theme.ink, mew=1.6, label=f"highest, k = {choice.best}"
        )
    if choice.reference is not None:
        axes.axhline(choice.reference, color=theme.ink, lw=1, ls=(0, (4, 3)), alpha=0.7, label="without any clusters")
    if choice.silhouette is not None:
        _mark(axes, choice.k, choice.silhouette, theme)
    elif known:
        axes.plot([], [], " ", label="chosen, k = 1: no clear structure")
    return _png(figure, axes, theme, len(choice.silhouettes))


def _axes(title: str, label: str, theme: Theme) -> tuple[Figure, Any]:
    # Figure and canvas by themselves: pyplot keeps figures in global state.
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=theme.surface)
    figure.set_layout_engine("constrained", w_pad=0.14, h_pad=0.14)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=theme.surface)
    axes.set_title(title, loc="left", color=theme.ink, fontsize=11, fontweight="bold", pad=10)
    axes.set_xlabel("clusters, k", color=theme.ink)
    axes.set_ylabel(label, color=theme.ink)
    axes.tick_params(colors=theme.ink, length=0, labelsize=9)
    axes.grid(axis="y", color=theme.faint, lw=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.faint)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure, axes


def _curve(axes: Any, ks: Sequence[int], values: Sequence[float], theme: Theme, empty: str) -> None:
    if ks:
        axes.plot(ks, values, color=theme.line, lw=2, marker="o", ms=4)
        return
    axes.set_yticks([])
    axes.set_xticks([])
    axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", va="center", color=theme.ink)


def _mark(axes: Any, k: int, height: float, theme: Theme) -> None:
    axes.axvline(k, color=theme.chosen, lw=1.2, alpha=0.6)
    axes.plot(k, height, "o", ms=8, color=theme.chosen, label=f"chosen, k = {k}")


def _png(figure: Figure, axes: Any, theme: Theme, k_max: int) -> bytes:
    if k_max:
        axes.set_xlim(0.5, k_max + 0.5)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, labelcolor=theme.ink, fontsize=9)
    buffer = io.BytesIO()
    # matplotlib's version is left out: the same curves give the same file.
    figure.savefig(buffer, format="png", facecolor=theme.surface, metadata={"Software": None})
    return buffer.getvalue()
