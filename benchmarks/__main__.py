"""All benchmarks, one after the other: `python -m benchmarks [NAME...]`. Writes docs/benchmarks.md and .json.

Each runs in a process of its own, as its command in the document does. What is not run keeps what it gave before.
"""

import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from jinja2 import Environment, PackageLoader, StrictUndefined

from benchmarks.extract import processor

DOCS = Path(__file__).parents[1] / "docs"
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "faiss-cpu", "opencv-python-headless", "celery", "redis")
# Name, title and words on the command line. In the order of the document.
SUITE = {
    "extract": ("Files to features in Redis", ["benchmarks.extract"]),
    "cache": ("Bytes already known", ["benchmarks.cache"]),
    "decode": ("Large JPEGs at reduced scale", ["benchmarks.decode"]),
    "describing": ("Reading and describing, step by step", ["benchmarks.describing"]),
    "latency": ("From a settled file to its verdict", ["benchmarks.latency", "--runs", "1"]),
    "stream": ("What the plumbing sustains, and costs", ["benchmarks.stream"]),
    "lanes": ("A new file beside a backlog", ["benchmarks.lanes"]),
    "verdicts": ("What a verdict costs, and a restart", ["benchmarks.verdicts", "--sizes", "10000"]),
    "search": ("Candidates in a large collection", ["benchmarks.search"]),
    "recluster": ("k from 1 to 30, beside the notebook", ["benchmarks.recluster"]),
    "restart": ("Restart of the verdict writer from its saved index", ["benchmarks.restart"]),
    "scale": ("Clustering as the collection grows", ["benchmarks.scale"]),
    "web": ("Pages in the browser", ["benchmarks.web"]),
    "memory": ("Memory: Redis per image, and the processes", ["benchmarks.memory"]),
}


def run(name: str) -> dict[str, Any]:
    """What one benchmark printed, its tables as rows, and how long it took. Raises CalledProcessError."""
    _, words = SUITE[name]
    started = time.perf_counter()
    process = subprocess.run([sys.executable, "-m", *words], stdout=subprocess.PIPE, text=True, check=True)
    return {
        "command": " ".join(["python", "-m", *words]),
        "seconds": round(time.perf_counter() - started),
        "date": time.strftime("%Y-%m-%d"),
        "commit": _commit(),
        "machine": processor(),
        "versions": {package: version(package) for package in PACKAGES},
        "output": process.stdout.strip(),
        "tables": tables(process.stdout),
    }


def tables(text: str) -> list[list[dict[str, str]]]:
    """The Markdown tables in `text`, each row as heading -> cell."""
    found: list[list[dict[str, str]]] = []
    heads: list[str] | None = None
    for line in [*text.splitlines(), ""]:
        if not line.startswith("|"):
            heads = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if heads is None:
            heads = cells
            found.append([])
        elif not set(line) <= set("|-: "):
            found[-1].append(dict(zip(heads, cells, strict=True)))
    return found


def render(results: dict[str, dict[str, Any]]) -> str:
    """The document. What a benchmark measures and does not show stands in its module."""
    environment = Environment(loader=PackageLoader("benchmarks", "."), undefined=StrictUndefined, trim_blocks=True)
    sections = [
        {"title": title, "about": _about(words[0]), **results[name]}
        for name, (title, words) in SUITE.items()
        if name in results
    ]
    return environment.get_template("benchmarks.md.jinja").render(sections=sections)


def _about(module: str) -> dict[str, str]:
    loaded = __import__(module, fromlist=["LIMITS"])
    _, _, rest = (loaded.__doc__ or "").partition("\n\n")
    return {"what": rest.strip(), "limits": loaded.LIMITS}


def _commit() -> str:
    """The commit that is measured; the documents, which this writes, are no part of it."""
    commit, changed = (
        subprocess.run(["git", *words], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        for words in (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "--", ".", ":!docs"])
    )
    return f"{commit}, changed" if changed else commit


def main(
    only: Annotated[list[str] | None, typer.Argument(help=f"of {', '.join(SUITE)}; all of them by default")] = None,
) -> None:
    """Run, and write what came out into docs/."""
    if unknown := set(only or []) - set(SUITE):
        raise typer.BadParameter(f"there is no benchmark {', '.join(sorted(unknown))}; use {', '.join(SUITE)}")
    kept = DOCS / "benchmarks.json"
    results: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    for name in only or SUITE:
        typer.echo(f"{name} ...", err=True)
        results[name] = run(name)
        typer.echo(results[name]["output"] + "\n")
        kept.write_text(json.dumps(results, indent=1) + "\n")
        (DOCS / "benchmarks.md").write_text(render(results))


if __name__ == "__main__":
    typer.run(main)
