"""The README says what the code says."""

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from shared.settings import PREFIX, Settings, in_words

README = Path(__file__).parents[2] / "README.md"
SETTINGS = README.parent / "docs" / "settings.md"
THAT_MATTER = 6


def settings_rows() -> list[str]:
    """The rows of the table that stands in docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is PydanticUndefined else in_words(name, field.default)
        rows.append(f"| `{PREFIX}{name.upper()}` | {f'`{default}`' if default else ''} | {field.description} |")
    return rows


def table(page: Path) -> tuple[str, list[str]]:
    """The head of the settings' table in a page, and its rows."""
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", page.read_text(), re.DOTALL)
    assert found
    head, _line, *rows = found[1].splitlines()
    return head, rows


def test_every_setting_is_listed_as_it_is() -> None:
    assert table(SETTINGS) == ("| variable | default | |", settings_rows())


def test_the_readme_lists_those_that_matter_as_they_are() -> None:
    head, rows = table(README)
    assert head == "| variable | default | |"
    assert len(rows) == THAT_MATTER
    assert set(rows) <= set(settings_rows())


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_somewhere() -> None:
    pages = [README, README.parent / "CHANGELOG.md", *(README.parent / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and anchor not in _anchors(file)):
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_every_page_can_be_found() -> None:
    """By following links from the README."""
    docs = README.parent / "docs"
    found, todo = set[Path](), [README]
    while todo:
        page = todo.pop()
        if page in found or page.suffix != ".md" or not page.exists():
            continue
        found.add(page)
        links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        todo += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert set(docs.rglob("*.md")) - found == set()
