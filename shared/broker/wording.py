"""What tasks were asked and what became of them, in words for Flower's list (pure).

Who sends a message says what it is about; Flower turns what a task gave into words. What is of an earlier version, was
cut short, or is no message of ours, stays as it is.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from shared import names

NAMED: Final = 2  # files of a message that are named
LONGEST: Final = 80  # characters of a name


def describe_paths(paths: Sequence[str]) -> str:
    """The files of a message: `32 files: a.jpg, b.jpg and 30 more`."""
    if not paths:
        return "what waits"
    named = ", ".join(_shown(path) for path in paths[:NAMED])
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return f"{_number(len(paths), 'file')}: {named}{more}"


def describe_run(kwargs: Mapping[str, Any]) -> str:
    """What a recluster run was asked."""
    said = "now, whatever has changed" if kwargs.get("force") else "when it is due" if kwargs.get("patient") else "now"
    return f"{said}, k = {kwargs['k']}" if kwargs.get("k") else said


def describe_result(task: str, result: str) -> str:
    """What a task gave, from the text that its event has of it."""
    try:
        return _WORDS[task](ast.literal_eval(result))
    except (KeyError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError):
        return result


def _number(count: int, singular: str) -> str:
    return f"{count:,} {singular}{'' if count == 1 else 's'}"


def _shown(path: str) -> str:
    shown = path if path.isprintable() else ascii(path)
    return shown if len(shown) <= LONGEST else f"…{shown[1 - LONGEST :]}"


def _extracted(found: Mapping[str, Any]) -> str:
    parts = [f"{found['ready']:,} read"]
    parts += [f"{found['cached']:,} of them known"] if found["cached"] else []
    parts += [f"{found['failed']:,} failed"] if found["failed"] else []
    parts += [f"{found['skipped']:,} passed over"] if found["skipped"] else []
    parts += [f"{found['alone']:,} sent again alone"] if found["alone"] else []
    return ", ".join(parts)


def _judged(found: Mapping[str, Any]) -> str:
    return f"{_number(found['verdicts'], 'verdict')}, {_number(found['duplicates'], 'duplicate')}"


def _reclustered(found: Mapping[str, Any]) -> str:
    return str(found["message"])


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    names.TASK_EXTRACT: _extracted,
    names.TASK_PROPOSE: lambda found: _number(int(found), "proposal"),
    names.TASK_JUDGE: _judged,
    names.TASK_RECLUSTER: _reclustered,
}
