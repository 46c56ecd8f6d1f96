"""The arrows between packages, and what the light processes must not load."""

import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "keras", "cv2", "sklearn", "worker")


def loaded_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import watcher.__main__", "import shared.cli.__main__", "import shared.app", "import shared.stack.up"],
)
def test_light_processes_stay_light(statement: str) -> None:
    assert loaded_by(statement).isdisjoint(HEAVY)


def test_importing_the_workers_app_stays_light() -> None:
    # Celery's main process imports it; models and libraries belong to the spawned child, and there to its queue alone.
    assert loaded_by("import worker.app").isdisjoint({"tensorflow", "keras", "cv2", "sklearn", "matplotlib"})


def test_import_linter_holds_the_arrows() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
