"""How names, sizes and counts are written where people read them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import filesize
from rich.cells import cell_len, chop_cells

LONGEST_SHOWN: Final = 200
NAMED: Final = 3  # companions of a file
LONGEST_COMPANION: Final = 60


def show(text: str, longest: int = LONGEST_SHOWN) -> str:
    """A file name or reason as printable text on one line.

    What does not print (line breaks, control and direction marks, bytes that are not UTF-8) is shown as an escape such
    as `\\n` or `\\xff`: a name must not be able to look like another one. The middle of a long text is left out.
    """
    shown = "".join(character if character.isprintable() else _escape(character) for character in text)
    if len(shown) <= longest:
        return shown
    half = (longest - 1) // 2
    return f"{shown[:half]}…{shown[-half:]}"


def fit(text: str, columns: int) -> str:
    """Like `show`, in `columns` columns of a terminal, where some characters take two and some none."""
    shown = show(text, 4 * columns)
    if cell_len(shown) <= columns:
        return shown
    half = (columns - 1) // 2
    return f"{_beginning(shown, half)}…{_beginning(shown[::-1], half)[::-1]}"


def _beginning(text: str, columns: int) -> str:
    return "".join(chop_cells(text, columns)[:1])


def _escape(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte that os.fsdecode could not decode
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def saving(free: int, to_prove: int) -> str:
    """Bytes that can be freed, and those that can be if nothing is lost by it: `1.0 kB, up to 3.0 kB more`."""
    sure, more = filesize.decimal(free), filesize.decimal(to_prove)
    if free and to_prove:
        return f"{sure}, up to {more} more"
    return f"up to {more}" if to_prove else sure


def decimal(value: float | None, places: int = 2) -> str:
    """`0.25`, `−0.02`; a dash where there is none."""
    return "–" if value is None else f"{value:.{places}f}".replace("-", "−")


def number_of(count: int, singular: str, plural: str = "") -> str:
    """`1 image`, `2,000 images`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


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
    return f"with {number_of(len(names), 'companion')} ({filesize.decimal(size)}): {listed}{more}"


def origin_of(thresholds: Mapping[str, Any]) -> str:
    """Where the thresholds of a generation come from; "" where it does not say."""
    if thresholds.get("origin") == "calibrated":
        return f"calibrated {thresholds['calibrated']} on {number_of(thresholds['images'], 'image')}"
    return "the defaults" if thresholds else ""


def strictness_of(thresholds: Mapping[str, Any]) -> str:
    """What is near where that is less than usual; "" where it is not."""
    return "only whole, unturned copies" if thresholds.get("near") == "strict" else ""
