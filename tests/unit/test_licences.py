"""docs/licences.md names the licence of every package that is locked for a run, and of the libraries in its wheel."""

import importlib.metadata
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text()
TABLE = re.findall(r"^\| ([\w.-]+) \| (.+?) \| ?(.*?) ?\|$", PAGE, re.MULTILINE)
ROWS = {name: (licence, held) for name, licence, held in TABLE if name not in ("package", "---")}
LOCKED = set(re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / "requirements" / "run.txt").read_text(), re.MULTILINE))
SIGNS = {  # how a package says what it is under, in whichever of its words
    "Apache-2.0": "apache", "MIT": "mit", "MIT-CMU": "mit-cmu", "BSD": "bsd|redistribution and use",
    "MPL-2.0": "mpl|mozilla", "PSF-2.0": "psf|python software foundation", "ISC": "isc",
}  # fmt: skip


def said(found: importlib.metadata.Distribution) -> str:
    """All that an installed package says of its licence."""
    files = [file for file in found.files or () if re.search(r"licen[cs]e|copying", file.name, re.IGNORECASE)]
    texts = [Path(str(file.locate())).read_text(errors="replace") for file in files if file.suffix != ".py"]
    fields = [found.metadata.get("License-Expression", ""), found.metadata.get("License", "")]
    return "\n".join([*fields, *found.metadata.get_all("Classifier", []), *texts]).lower()


def test_every_locked_package_has_its_row() -> None:
    assert ROWS.keys() == LOCKED


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_a_row_says_what_the_package_says_of_itself(name: str) -> None:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("not for this Python or system")
    licence, held = ROWS[name]
    words = said(found)
    family = next(family for family in sorted(SIGNS, key=len, reverse=True) if licence.startswith(family))
    assert re.search(SIGNS[family], words), (licence, words[:200])
    classifiers = " ".join(found.metadata.get_all("Classifier", []))
    assert "GNU General Public License" not in classifiers
    assert "GPL" not in re.sub("LGPL", "", found.metadata.get("License-Expression", ""))
    named = tuple(re.findall(r"lib\w+", held))
    libraries = [file.name for file in found.files or () if ".libs/" in str(file)]
    assert [library for library in libraries if not library.startswith(named)] == []
