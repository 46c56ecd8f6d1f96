"""How names, sizes and counts are written where people read them: one notation everywhere (pure)."""

from typing import Final

LONGEST_SHOWN: Final = 200
UNITS: Final = ("kB", "MB", "GB", "TB", "PB", "EB")  # each a thousand of the one before


def size_of(count: int) -> str:
    """Bytes for people, in decimal units, as file managers and shops have them.

    >>> size_of(0), size_of(999), size_of(1_000), size_of(999_999), size_of(12_345_678)
    ('0 B', '999 B', '1.0 kB', '1.0 MB', '12.3 MB')
    """
    if abs(count) < 1000:
        return f"{count} B"
    value, units = count / 1000, iter(UNITS)
    unit = next(units)
    while abs(round(value, 1)) >= 1000 and (larger := next(units, "")):
        value, unit = value / 1000, larger
    return f"{value:,.1f} {unit}"


def number_of(count: int, singular: str, plural: str = "") -> str:
    """A count and its noun, which agree.

    >>> number_of(1, "image"), number_of(2000, "image"), number_of(0, "copy", "copies")
    ('1 image', '2,000 images', '0 copies')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


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
    from rich.cells import cell_len  # here: a machine that only measures a GPU has no Rich

    shown = show(text, 4 * columns)
    if cell_len(shown) <= columns:
        return shown
    half = (columns - 1) // 2
    return f"{_beginning(shown, half)}…{_beginning(shown[::-1], half)[::-1]}"


def _beginning(text: str, columns: int) -> str:
    from rich.cells import chop_cells

    return "".join(chop_cells(text, columns)[:1])


def _escape(character: str) -> str:
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte that os.fsdecode could not decode
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
