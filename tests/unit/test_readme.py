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
            default = "what OpenCV reads, and files without a suffix"
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
