"""The arrows between packages, and what the light processes must not load."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BACKENDS = {"jax", "torch"}  # what Keras may run on in place of TensorFlow
HEAVY = ("tensorflow", "keras", "cv2", "sklearn", "worker")


def loaded_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import watcher.__main__", "import shared.cli.__main__", "import shared.broker.app", "import shared.stack.up"],
)
def test_light_processes_stay_light(statement: str) -> None:
    assert loaded_by(statement).isdisjoint(HEAVY)


def test_importing_the_workers_app_stays_light() -> None:
    # Celery's main process imports it; models and libraries belong to the spawned child, and there to its queue alone.
    assert loaded_by("import worker.app").isdisjoint({"tensorflow", "keras", "cv2", "sklearn", "matplotlib"})


def test_the_page_loads_no_network_and_draws_no_figure() -> None:
    loaded = loaded_by("import worker.web.__main__")
    assert loaded.isdisjoint({"tensorflow", "keras", "sklearn", "matplotlib", "faiss"})


def test_import_linter_holds_the_arrows() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def imported() -> set[str]:
    """The top-level modules of others that the packages import, wherever in a file."""
    found = set()
    for package in ("shared", "watcher", "worker"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"shared", "watcher", "worker"} - BACKENDS


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in project["dependencies"]}
    distributions = packages_distributions()
    modules = imported()
    assert {"celery", "numpy"} <= modules
    assert {
        module for module in modules if not {normal(name) for name in distributions.get(module, [])} & declared
    } == set()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
