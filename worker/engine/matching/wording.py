"""What was done to a picture, in words a person understands."""

from typing import Final

import numpy as np

from shared.records import Relation
from worker.engine.matching.agreement import Agreement
from worker.engine.matching.alignment import Transform, project
from worker.engine.sketch.sketch import Sketch

_WHOLE: Final = 0.95  # share of a picture that counts as all of it
_SLIGHT: Final = 0.01  # share that is said to be less
_GRID: Final = 9  # places along each side
_TILT: Final = 1.5  # degrees; of copies at a half to a sixth, 99 % are measured within 1.2 of what they are
_QUARTERS: Final = {1: "rotated 90 degrees", 2: "rotated 180 degrees", 3: "rotated 270 degrees"}
_ROWS: Final = ("upper", "middle", "lower")
_COLUMNS: Final = ("left", "middle", "right")
_WIDE: Final = 0.8  # share of a side; what is longer runs across
_SIZES: Final = ((0.5, "half size"), (0.25, "quarter size"), (2.0, "double size"), (4.0, "four times the size"))


def words(first: Sketch, second: Sketch, transform: Transform, agreement: Agreement, relation: Relation) -> str:
    """How the second picture came from the first: `same picture, cropped to 80 %, mirrored`."""
    linear = _linear(first, second, transform)
    if relation is Relation.NEAR:
        return ", ".join(["same picture", *_extent(agreement), *_turn(linear), *_scaling(first, second, linear)])
    held = agreement.framed or min(agreement.area) < _WHOLE
    parts = _held(agreement) if held else []
    if agreement.clash >= _SLIGHT or not parts:
        parts.append(f"differs in {_percent(agreement.clash)}{_place(agreement)}")
    return ", ".join([*parts, *_turn(linear)])


def is_upright(first: Sketch, second: Sketch, transform: Transform, agreement: Agreement) -> bool:
    """Whether each picture is all there and neither mirrored, turned nor tilted."""
    return min(agreement.area) >= _WHOLE and not _turn(_linear(first, second, transform))


def _held(agreement: Agreement) -> list[str]:
    """Which of the two holds the other."""
    of_first, of_second = agreement.area
    if of_first >= of_second:
        return [f"holds this picture in {_percent(of_second)} of it"]
    return [f"is held by this picture in {_percent(of_first)} of it"]


def _place(agreement: Agreement) -> str:
    """Where in the second picture."""
    if not agreement.places:
        return ""
    left, top, right, bottom = agreement.places[1]
    if right - left > _WIDE and bottom - top > _WIDE:
        return " all over it"
    row = "middle" if bottom - top > _WIDE else _ROWS[min(2, int(1.5 * (top + bottom)))]
    column = "middle" if right - left > _WIDE else _COLUMNS[min(2, int(1.5 * (left + right)))]
    if row == column == "middle":
        return " in the middle"
    if column == "middle":
        return " at the top" if row == "upper" else " at the bottom"
    return f" on the {column}" if row == "middle" else f" at the {row} {column}"


def _percent(share: float) -> str:
    return "less than 1 %" if share < _SLIGHT else f"{share:.0%}".replace("%", " %")


def _linear(first: Sketch, second: Sketch, transform: Transform) -> Transform:
    """`[2, 2]`, the turn and scale that fit best over what both show.

    Not those at the corner where coordinates begin: there, what little perspective was fitted to a plain copy of a few
    hundred pixels looks like a turn by up to 7 degrees.
    """
    places = np.stack(np.meshgrid(*(np.linspace(0, side - 1, _GRID) for side in first.frame)), axis=-1).reshape(-1, 2)
    there = project(transform, places)
    shown = np.all((there >= 0) & (there <= np.array(second.frame) - 1), axis=1)
    if np.count_nonzero(shown) >= _GRID:
        places, there = places[shown], there[shown]
    solved = np.linalg.lstsq(places - places.mean(axis=0), there - there.mean(axis=0), rcond=None)[0]
    return np.asarray(solved.T, np.float64)


def _extent(agreement: Agreement) -> list[str]:
    of_first, of_second = agreement.area
    if of_first < _WHOLE and of_second < _WHOLE:
        return [f"cropped to {of_first:.0%} with a border".replace("%", " %")]
    if of_first < _WHOLE:
        return [f"cropped to {of_first:.0%}".replace("%", " %")]
    if of_second < _WHOLE:
        return [f"filling {of_second:.0%} of a larger one".replace("%", " %")]
    return []


def _turn(linear: Transform) -> list[str]:
    """Mirrored, and turned: a mirrored picture is mirrored first, then turned. Degrees are clockwise."""
    mirrored = np.linalg.det(linear) < 0
    upright = linear @ np.diag([-1.0, 1.0]) if mirrored else linear
    degrees = float(np.degrees(np.arctan2(upright[1, 0] - upright[0, 1], upright[0, 0] + upright[1, 1]))) % 360
    quarters = round(degrees / 90) % 4
    rest = (degrees - 90 * quarters + 180) % 360 - 180
    parts = ["mirrored"] if mirrored else []
    if mirrored and quarters == 2:
        parts, quarters = ["flipped upside down"], 0
    if quarters:
        parts.append(_QUARTERS[quarters])
    if abs(rest) >= _TILT:
        parts.append(f"tilted by {abs(rest):.0f} degrees")
    return parts


def _scaling(first: Sketch, second: Sketch, linear: Transform) -> list[str]:
    """Size of the content in pixels, second to first."""
    scale = float(np.sqrt(abs(np.linalg.det(linear))))
    ratio = scale * max(second.width, second.height) / max(first.width, first.height)
    for size, name in _SIZES:
        if abs(ratio / size - 1) < 0.04:
            return [name]
    return [] if 0.9 < ratio < 1.1 else [f"resized to {ratio:.0%}".replace("%", " %")]
