"""docs/troubleshooting.md has an entry for every message that a user may read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
PACKAGES = ("shared", "watcher", "worker")
TOLD = {
    "ActionsBusy", "DecoderStuck", "JournalFailed", "LeftAlone", "NoClasses", "PermanentError", "RefusedReference",
    "SettingsError", "StackFailed", "StateInUse", "TargetAway", "Unavailable", "UnreadableImage", "ValueError",
    "WeightsError",
}  # fmt: skip
OF_SETTINGS = ("setting_checks.py", "quiet_hours.py")  # whose ValueError becomes a sentence
SHORTEST = 12  # characters by which a message can be recognised


def words(text: str) -> str:
    """Without marks of Markdown, on one line."""
    return re.sub(r"\s+", " ", text.replace("`", ""))


def fragments(message: ast.expr) -> list[str]:
    """The clauses of a message that are always the same."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return [clause.strip() for text in texts for clause in re.split(r"[:;,.()]", words(text)) if clause.strip()]


def messages() -> Iterator[tuple[str, list[str]]]:
    """Where each error that is told is made, and what of its message is always the same: of each of its parts."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
                if name in TOLD and (name != "ValueError" or file.name in OF_SETTINGS):
                    assert isinstance(node, ast.Call)
                    parts = [part for argument in node.args for part in fragments(argument)]
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", parts


def is_listed(parts: list[str], page: str) -> bool:
    long = [part for part in parts if len(part) >= SHORTEST]
    # A short message is known by all that it has.
    return any(part in page for part in long) if long else all(part in page for part in parts)


def test_every_message_has_its_entry() -> None:
    page = words(PAGE.read_text())
    found = list(messages())
    assert len(found) > 50
    assert [place for place, parts in found if not is_listed(parts, page)] == []


def test_a_message_that_is_not_listed_would_be_noticed() -> None:
    [call] = [
        node for node in ast.walk(ast.parse('E(f"the moon {x} is away from {y} now")')) if isinstance(node, ast.Call)
    ]
    assert not is_listed(fragments(call.args[0]), words(PAGE.read_text()))
