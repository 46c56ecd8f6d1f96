"""`python -m tests.hard FOLDER [--kind WORD] [--seed N]`: write the cases as FOLDER/<relation>/<name>/a.jpg, ..."""

import argparse
from pathlib import Path

from tests.hard import ALL
from tests.hard.case import HardCase
from worker.engine.edits.attacks import encoded


def write(case: HardCase, folder: Path) -> None:
    """One file a picture, in a folder of the case's own."""
    target = folder / case.relation.replace(" ", "-") / case.name
    target.mkdir(parents=True, exist_ok=True)
    for name, picture in case.pictures.items():
        suffix = case.suffix[name]
        (target / f"{name}{suffix}").write_bytes(encoded(picture, suffix, case.quality[name]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.hard", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="", help="only cases with this in their name")
    parser.add_argument("--seed", type=int, default=0, help="draw others of the same kinds")
    given = parser.parse_args()
    for recipe in ALL:
        if given.kind in recipe.name:
            write(recipe.case(given.seed), given.folder)


if __name__ == "__main__":
    main()
