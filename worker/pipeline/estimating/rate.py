"""The measurement, in a process of its own: a decoder cannot be stopped from within, and this has to end in time."""

import json
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from worker.network.weights import BACKBONE
from worker.pipeline.estimating.census import Pictures
from worker.pipeline.estimating.forecast import Measured, Timed
from worker.pipeline.estimating.sample import Drawn, turns

PATIENCE: Final = 90.0  # seconds, after which it is ended, whatever other programs leave it


@dataclass(frozen=True)
class Rate:
    """rate: None where it could not be measured; missing: why. refused: files of the sample by kind of failure."""

    rate: Measured | None
    missing: str = ""
    refused: Mapping[str, int] = field(default_factory=dict)


def measure_rate(
    drawn: Mapping[str, Sequence[Drawn]],
    pictures: Mapping[str, Pictures],
    cores: int,
    say: Callable[[str], None],
) -> Rate:
    """Describe some of the files that were drawn, and let the network compute: half a minute, PATIENCE at most."""
    say(
        f"measuring this machine on some of the files, with all its processors: half a minute, {PATIENCE:.0f} s at most"
    )
    weights = {name: float(one.bytes) for name, one in pictures.items()}
    many = sum(one.files for one in pictures.values()) > BACKBONE.warm_up
    asked = {"turns": list(turns(weights, drawn, cores)), "many": many}
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.commands.measure"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    alarm = threading.Timer(PATIENCE, process.kill)
    alarm.start()
    try:
        out, _ = process.communicate(json.dumps(asked) + "\n")
    finally:
        alarm.cancel()
    return gather(map(json.loads, whole_lines(out)))


def whole_lines(text: str) -> list[str]:
    """The lines that were written to their end."""
    return text[: text.rfind("\n") + 1].splitlines()


def gather(rows: Iterable[dict[str, Any]]) -> Rate:
    """What the lines of a measurement say together (pure)."""
    described: defaultdict[str, list[Timed]] = defaultdict(list)
    refused: Counter[str] = Counter()
    values: dict[str, float] = {}
    for row in rows:
        if "format" not in row:
            values |= row
        elif row["refused"]:
            refused[row["refused"]] += 1
        else:
            described[row["format"]].append(Timed(*row["timed"]))
    if not described:
        return Rate(None, "no file of the sample could be decoded", refused)
    if "network" not in values:
        why = f"the network computed nothing within {PATIENCE:.0f} s, or could not be loaded: try again when less runs"
        return Rate(None, why, refused)
    return Rate(Measured(described, **values), "", refused)
