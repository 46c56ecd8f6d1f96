"""The report in brief: at most twenty lines of a terminal, whatever its width. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.records import Kind
from shared.wording import fit, number_of, size_of

LINES: Final = 20
NARROWEST: Final = 60  # columns that every line but an address fits
GROUPS: Final = 5
WARNINGS: Final = 2
LABEL: Final = 17  # columns of what a row is about
EARLIER: Final = "to_free"  # summaries of earlier versions lack it


def is_brief_possible(summary: Mapping[str, Any]) -> bool:
    """Whether a report tells what this needs; one of an earlier version does not."""
    return EARLIER in summary


def brief_lines(summary: Mapping[str, Any], page: str, columns: int, warn: bool = True) -> list[str]:
    """The report in brief. summary: what summary.json holds. page: the address of its page, the last line.

    No line is longer than `columns`, or 60, but for the page's address: broken, nothing could open it. warn: False
    where the weights were warned of already.
    """
    columns = max(columns, NARROWEST)
    sections = [[fit(_title(summary), columns)], [fit(row, columns) for row in _rows(summary)]]
    sections.append([fit(one, columns) for one in _warnings(summary, warn)])
    sections.append([*_groups(summary, columns)])
    sections.append([*_next(summary), "all of it: imagesieve report --full"])
    sections.append([f"page: {page}"])
    return _joined([section for section in sections if section])


def _joined(sections: Sequence[Sequence[str]]) -> list[str]:
    """The sections, an empty line between each two while there is room for that; the last gap goes first."""
    spare = LINES - sum(map(len, sections))
    lines: list[str] = []
    for number, section in enumerate(sections):
        lines += [""] if 0 < number <= spare else []
        lines += section
    return lines


def _title(summary: Mapping[str, Any]) -> str:
    """What was looked at; an empty folder is called that."""
    counts, folder = summary["counts"], summary["folder"]
    if counts["images"]:
        return f"{number_of(counts['images'], 'image')} ({size_of(summary['bytes'])}) in {folder}"
    seen = counts["failed"] + counts["waiting"] + summary["passed_over"]["files"] + summary["by_bytes"]["files"]
    return f"no images in {folder}" if seen else f"{folder} is empty"


def _rows(summary: Mapping[str, Any]) -> Iterator[str]:
    """What can go, what somebody should look at, and what is missing in both."""
    counts, free, prove = summary["counts"], summary["to_free"], summary["to_prove"]
    near, variants = summary["kinds"].get(Kind.NEAR, 0), counts["variants"]
    if counts["duplicates"] or free["files"] or prove["files"]:
        yield _row("certain to free", f"{size_of(free['bytes'])} in {number_of(free['files'], 'file')}")
    if prove["files"]:
        files = number_of(prove["files"], "file")
        yield _row("after a proof", f"up to {size_of(prove['bytes'])} more in {files}")
    look = [number_of(near, "near duplicate")] if near else []
    look += [number_of(variants, "variant")] if variants else []
    if look:
        yield _row("to look at", " and ".join(look))
    if counts["failed"]:
        yield _row("could not be read", number_of(counts["failed"], "file"))
    if counts["waiting"]:
        yield _row("not read yet", number_of(counts["waiting"], "file"))
    if passed := summary["passed_over"]["files"]:
        yield _row("passed over", f"{number_of(passed, 'file')}, not pictures by their names")


def _row(label: str, value: str) -> str:
    return f"{label:<{LABEL}}  {value}"


def _warnings(summary: Mapping[str, Any], warn: bool) -> Iterator[str]:
    extractor = summary["extractor"]["warning"]
    found = [extractor] if extractor and warn else []  # whole in 60 columns, and it says what it is
    found += [f"warning: {one}" for one in summary["warnings"]]
    yield from found[:WARNINGS]


def _groups(summary: Mapping[str, Any], columns: int) -> Iterator[str]:
    counts, groups = summary["counts"], summary["largest_groups"][:GROUPS]
    if not groups:
        if counts["images"]:
            yield "no duplicates: every image differs from all others"
        return
    which = f"the {len(groups)} largest of {counts['groups']:,} groups" if counts["groups"] > len(groups) else "groups"
    yield f"{which}, each with the file that stays:"
    for group in groups:
        size = size_of(group["bytes_to_free"] + group["bytes_to_prove"])
        size = "look at" if size == size_of(0) else size
        more = number_of(group["duplicates"], "duplicate")
        head = f"{group['number']:>3}  {size:>8}  {more:<13} "
        yield head + fit(group["keeper"], columns - len(head))


def _next(summary: Mapping[str, Any]) -> Iterator[str]:
    """What to do with it."""
    acted_on = sum(summary["kinds"].get(kind, 0) for kind in Kind if kind.is_acted_on)
    if summary["kinds"]:
        yield "next: imagesieve duplicates list"
    if acted_on:
        yield "then, a dry run: imagesieve duplicates apply --action trash"
    elif not summary["kinds"] and summary["counts"]["variants"]:
        yield "next: imagesieve duplicates list --kind variant"
