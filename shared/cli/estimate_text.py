"""What `imagesieve estimate` tells people: tables that fit 60 columns, and sentences. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tabulate import tabulate

from shared.cli.look import passed_in_words
from shared.cli.terminal import shown
from shared.wording import number_of, size_of

WIDEST: Final = 27  # columns of a reason
LISTED: Final = 10  # reasons and suffixes that are listed; --json has all
NAMED: Final = 5  # of which one file is named
COPIED: Final = "python -m benchmarks.memory, in docs/benchmarks.md"
NOT_HELD: Final = (
    "Not included: comparisons of pictures that resemble each other, 0.1 to 0.7 s of a core each; a disk or share "
    "slower than the decoders; recluster runs. Copies with the same bytes are described once, so they take less."
)


def estimate_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """All of it, for a terminal. found: what `--json` prints."""
    yield from _formats(found)
    yield from _refused(found)
    yield from _passed(found)
    yield from _companions(found)
    yield from _unreadable(found)
    yield ""
    yield from _rate(found)
    yield from _room(found)


def _formats(found: Mapping[str, Any]) -> Iterator[str]:
    seconds = (found["rate"] or {}).get("formats") or {}
    rows = [
        (
            one["format"],
            f"{one['files']:,}",
            size_of(one["bytes"]),
            f"{one['megapixels']:,.0f}" + (" and more" if one["size_unknown"] else ""),
            _time(seconds[one["format"]]) if one["format"] in seconds else "",
        )
        for one in found["formats"]
    ]
    by_bytes = found["by_bytes"]
    if by_bytes["files"]:
        rows.append(("by bytes alone", f"{by_bytes['files']:,}", size_of(by_bytes["bytes"]), "", ""))
    if not rows:
        yield "no pictures"
        return
    yield _table(("Will be read", "Files", "Bytes", "Mpixels", "Core time"), rows)
    unknown = sum(one["size_unknown"] for one in found["formats"])
    if unknown:
        yield f"{unknown:,} of these do not say in their first bytes how many pixels they have"


def _refused(found: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (one["reason"], f"{one['files']:,}", size_of(one["bytes"]), shown(one["examples"][0]))
        for one in found["refused"]
    ]
    if rows:
        yield ""
        yield _table(("Will be refused", "Files", "Bytes"), [row[:3] for row in _listed(rows)])
        yield from (f"such as {path} ({reason})" for reason, _, _, path in rows[:NAMED])


def _passed(found: Mapping[str, Any]) -> Iterator[str]:
    if found["passed_over"]["files"]:
        yield ""
        yield f"passed over: {passed_in_words(found['passed_over'])}"


def _listed(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    more = len(rows) - LISTED
    return [*rows[:LISTED], *([(f"{number_of(more, 'more kind')}, see --json", "", "")] if more > 0 else [])]


def _companions(found: Mapping[str, Any]) -> Iterator[str]:
    if found["companions"]:
        parts = (f"{one['role']} {one['files']:,}" for one in found["companions"])
        yield ""
        yield f"companions, which stay with their picture: {', '.join(parts)}"


def _unreadable(found: Mapping[str, Any]) -> Iterator[str]:
    unreadable = found["unreadable_folders"]
    yield from (f"cannot be read: {shown(path)}" for path in unreadable["first"])
    if (more := unreadable["folders"] - len(unreadable["first"])) > 0:
        yield f"and {number_of(more, 'more folder')} cannot be read"


def _rate(found: Mapping[str, Any]) -> Iterator[str]:
    rate = found["rate"]
    if rate is None:
        return
    if rate["missing"]:
        yield f"time: not known, {rate['missing']}"
        return
    measured = rate["measured"]
    got, cores = measured["cores_got"], measured["cores"]
    yield f"time: about {_time(rate['seconds'])}, limited by {rate['limit']}"
    if rate["idle"] < 0.9 * rate["seconds"]:
        yield f"  {_time(rate['idle'])} without the other programs, which left {got:.1f} of {cores} cores"
    yield (
        f"  core time: {_time(rate['describing'])} to decode and describe, {_time(rate['forward'])} for the network, "
        f"{_time(rate['verdicts'])} for verdicts" + (f", {_time(rate['reading'])} to digest" if rate["reading"] else "")
    )
    files = sum(measured["files"].values())
    refused = sum(measured["refused"].values())
    yield f"  measured on {number_of(files, 'file')} of this folder" + (
        f"; {refused:,} more refused" if refused else ""
    )
    yield f"  {NOT_HELD}"


def _room(found: Mapping[str, Any]) -> Iterator[str]:
    room, machine = found["room"], found["machine"]
    yield f"Redis: about {size_of(room['redis'])} of memory ({COPIED}); {_fits_memory(room['redis'], machine)}"
    disk = room["index"] + room["reports"] + (0 if machine["redis_elsewhere"] else 2 * room["log"])
    parts = [] if machine["redis_elsewhere"] else [f"{size_of(room['log'])} of Redis's, twice for a moment"]
    parts += [f"{size_of(room['index'])} of index", f"{size_of(room['reports'])} of reports"]
    fits = "fits" if disk <= machine["disk_free"] else "DOES NOT FIT"
    free = f"{size_of(machine['disk_free'])} free at {shown(machine['disk'])}"
    yield f"disk: about {size_of(disk)} in the state folder ({', '.join(parts)}); {fits}, {free}"


def _fits_memory(wanted: int, machine: Mapping[str, Any]) -> str:
    limit, available = machine["redis_limit"], machine["memory_available"]
    if limit is None:
        return "that Redis does not answer, so whether it fits is not known"
    if limit:
        room = max(0, limit - machine["redis_used"])
        return f"{_fits(wanted, room)}, {size_of(room)} are left below its limit"
    if machine["redis_elsewhere"] or available is None:
        return "it has no limit of its own; whether its machine has as much is not known here"
    return f"{_fits(wanted, available)}, {size_of(available)} available"


def _fits(wanted: int, room: int) -> str:
    return "fits" if wanted <= room else "DOES NOT FIT"


def _time(seconds: float) -> str:
    """Two figures of it, in the unit that suits.

    >>> _time(0.4), _time(95), _time(5400), _time(400_000)
    ('below 1 s', '1.6 min', '1.5 h', '4.6 days')
    """
    if seconds < 1:
        return "below 1 s"
    for unit, most, length in (("s", 90, 1), ("min", 5400, 60), ("h", 172_800, 3600)):
        if seconds < most:
            return f"{_figures(seconds / length)} {unit}"
    return f"{_figures(seconds / 86_400)} days"


def _figures(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ("left", *["right"] * (len(headers) - 1))
    widest = [WIDEST if len(headers) == 3 else None, *[None] * (len(headers) - 1)]
    return tabulate(
        [[shown(cell) for cell in row] for row in rows],
        headers=headers, tablefmt="simple", colalign=align, disable_numparse=True, maxcolwidths=widest,
    )  # fmt: skip
