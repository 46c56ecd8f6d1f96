"""What all figures of a report share: colours for light and dark pages, the frame, and how a cluster is marked."""

import io
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 5.0, 3.3, 200  # inches, inches, dots an inch: legible on a phone, sharp on a desk
SMALL: Final = 8.5  # points

# Told apart on white and on near black; a cluster keeps its colour as it keeps its number. After ten clusters the shape
# changes, and there are numbers beside the marks, so colour is never all that tells clusters apart.
COLOURS: Final = (
    "#3b7ddd", "#d9730d", "#2a9d5c", "#d6455d", "#8f63d2", "#1497a5", "#b0860f", "#c957a8", "#a0714f", "#74829c",
)  # fmt: skip
SHAPES: Final = ("o", "s", "^", "D")


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


def colour_of(cluster: int) -> str:
    """The colour of the cluster with this number."""
    return COLOURS[cluster % len(COLOURS)]


def shape_of(cluster: int) -> str:
    """matplotlib's name of the mark of the cluster with this number."""
    return SHAPES[cluster // len(COLOURS) % len(SHAPES)]


def new_figure(theme: Theme, height: float = HEIGHT, left: float = 0.52, bottom: float = 0.56) -> Figure:
    """An empty figure with room for what stands beside its axes, in inches. pyplot keeps figures in global state."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=theme.surface)
    FigureCanvasAgg(figure)
    # matplotlib's own layout draws everything twice to find the same.
    figure.subplots_adjust(left / WIDTH, bottom / height, 1 - 0.2 / WIDTH, 1 - 0.42 / height)
    return figure


def style_axes(axes: Any, theme: Theme, title: str = "", across: str = "", up: str = "") -> None:
    """Give axes their look. across, up: what the axes mean."""
    axes.set_facecolor(theme.surface)
    if title:
        axes.set_title(title, loc="left", color=theme.ink, fontsize=10.5, fontweight="bold", pad=9)
    axes.set_xlabel(across, color=theme.ink, fontsize=SMALL + 0.5)
    axes.set_ylabel(up, color=theme.ink, fontsize=SMALL + 0.5)
    axes.tick_params(which="both", colors=theme.ink, length=0, labelsize=SMALL)
    axes.grid(axis="y", color=theme.faint, lw=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(theme.faint)


def legend_above(axes: Any, theme: Theme) -> None:
    """The legend beside the title, where it covers nothing."""
    place = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderaxespad": 0.3, "borderpad": 0.2}
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=SMALL, ncols=2, **place)


def say(axes: Any, words: str, theme: Theme) -> None:
    """Words in the place of a plot."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=theme.ink, fontsize=SMALL + 1)


def png(figure: Figure, theme: Theme) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    # matplotlib's version is left out: the same curves give the same file.
    figure.savefig(buffer, format="png", facecolor=theme.surface, metadata={"Software": None})
    return buffer.getvalue()
