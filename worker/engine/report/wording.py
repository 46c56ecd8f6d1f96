"""How a report words what can be freed, companions and thresholds."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.cells import cell_len

from shared.wording import fit as fit
from shared.wording import number_of as number_of
from shared.wording import show as show
from shared.wording import size_of as size_of

NAMED: Final = 3  # companions of a file
LONGEST_COMPANION: Final = 60


def saving(free: int, to_prove: int) -> str:
    """Bytes that can be freed, and those that can be if nothing is lost by it: `1.0 kB, up to 3.0 kB more`."""
    sure, more = size_of(free), size_of(to_prove)
    if free and to_prove:
        return f"{sure}, up to {more} more"
    return f"up to {more}" if to_prove else sure


def decimal(value: float | None, places: int = 2) -> str:
    """`0.25`, `−0.02`; a dash where there is none."""
    return "–" if value is None else f"{value:.{places}f}".replace("-", "−")


def beside(names: Sequence[str], size: int, columns: int = 0) -> str:
    """What belongs to a picture: `with 4 companions (3.0 MB): a.AAE, a.MOV and 2 more`; "" for nothing. size: bytes.

    columns: that it has to fit into, with fewer names or shortened ones; 0 for any number.
    """
    if not names:
        return ""
    words = [_name_companions(names, size, most) for most in (NAMED, NAMED - 1)]
    return next((one for one in words if not columns or cell_len(one) <= columns), fit(words[-1], columns))


def _name_companions(names: Sequence[str], size: int, most: int) -> str:
    shown = names if len(names) <= most else names[: most - 1]
    more = f" and {len(names) - len(shown):,} more" if len(shown) < len(names) else ""
    listed = ", ".join(show(name, LONGEST_COMPANION) for name in shown)
    return f"with {number_of(len(names), 'companion')} ({size_of(size)}): {listed}{more}"


def origin_of(thresholds: Mapping[str, Any]) -> str:
    """Where the thresholds of a generation come from; "" where it does not say."""
    if thresholds.get("origin") == "calibrated":
        return f"calibrated {thresholds['calibrated']} on {number_of(thresholds['images'], 'image')}"
    return "the defaults" if thresholds else ""


def strictness_of(thresholds: Mapping[str, Any]) -> str:
    """What is near where that is less than usual; "" where it is not."""
    return "only whole, unturned copies" if thresholds.get("near") == "strict" else ""
