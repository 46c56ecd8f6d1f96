"""The README says what the code says."""

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from shared.settings import PREFIX, Settings

README = Path(__file__).parents[2] / "README.md"


def settings_table() -> str:
    """The table that stands in the README."""
    lines = ["| variable | default | |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if default is PydanticUndefined:
            default = "~/.local/state/imagesieve"
        elif isinstance(default, frozenset):
            default = " ".join(sorted(default))
        elif isinstance(default, tuple):
            default = " ".join(default)
        elif isinstance(default, float):
            default = f"{default:g}"
        lines.append(f"| `{PREFIX}{name.upper()}` | {f'`{default}`' if str(default) else ''} | {field.description} |")
    return "\n".join(lines)


def test_every_setting_is_listed_as_it_is() -> None:
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", README.read_text(), re.DOTALL)
    assert found
    assert found[1] == settings_table()


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
