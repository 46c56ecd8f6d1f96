"""Two machines describe and propose, a third has Redis, the watcher and the writer. `python -m tests.machines`.

Machines are network namespaces with addresses of their own, and one folder is mounted in all of them. Redis asks for a
password. The rate of one machine is told, and of two; then one is killed with all its processes while it works, the
other cut off for a while, and in the end every picture has to have the verdict that is right. Wants root and iproute2,
and five minutes. All share this computer's cores, so the rate says what the network and the parting of the work cost,
not what a second computer brings.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import typer

from shared.errors import Unavailable
from shared.records import Record, State, Verdict
from shared.stack.redis_server import find_redis_server
from shared.store import RedisStore
from tests.machines.network import DESK, Machine, network

PORT: Final = 6391
PASSWORD: Final = "not-a-secret"  # of a Redis that lives for minutes, on a bridge of its own
COPY_OF_EVERY: Final = 10
PATIENCE: Final = 300.0
CUT_SECONDS: Final = 20.0
DESK_PROGRAMS: Final = (["watch"], ["work", "--queue", "verdicts"], ["work", "--queue", "recluster"], ["beat"])
MACHINE_PROGRAMS: Final = (["work", "--queue", "features"], ["work", "--queue", "proposals"])


class Desk:
    """The machine with Redis and the folder; what it knows of the collection."""

    def __init__(self, base: Path) -> None:
        self.watched = base / "photos"
        self.watched.mkdir()
        url = f"redis://:{PASSWORD}@{DESK}:{PORT}"
        self.settings = {
            "IMAGESIEVE_BROKER_URL": f"{url}/0",
            "IMAGESIEVE_STORE_URL": f"{url}/1",
            "IMAGESIEVE_WEIGHTS": "random",
            "IMAGESIEVE_PROPOSERS": "1",
            "IMAGESIEVE_SETTLE": "0.5",
        }
        self.store = RedisStore.connect(f"{url}/1")
        self.names: list[str] = []
        self._base = base

    @contextmanager
    def running(self) -> Iterator[None]:
        """Redis, and what one machine has of a collection."""
        redis = [str(find_redis_server()), "--bind", DESK, "--port", str(PORT), "--requirepass", PASSWORD]
        own = {"IMAGESIEVE_WATCH_DIR": str(self.watched), "IMAGESIEVE_STATE_DIR": str(self._base / "state")}
        with ExitStack() as stack, (self._base / "desk.log").open("wb") as log:
            commands = [[*redis, "--appendonly", "yes", "--dir", str(self._base)]]
            commands += [[sys.executable, "-m", "shared.cli", *words] for words in DESK_PROGRAMS]
            for command in commands:
                environment = {**os.environ, **self.settings, **own}
                process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                stack.callback(_stop, process)
            yield

    def move_in(self, count: int) -> None:
        """So many more pictures, of which every tenth is a smaller copy of the one before."""
        for number in range(len(self.names), len(self.names) + count):
            is_copy = _is_copy(number)
            picture = make_picture(number - is_copy)
            picture = cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) if is_copy else picture
            name = f"{number:05}{'-copy' if is_copy else ''}.png"
            (self._base / name).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
            shutil.move(self._base / name, self.watched / name)
            self.names.append(name)

    def wait_for(self, share: float) -> float:
        """Until so many of the pictures have a verdict; when. Raises TimeoutError where that takes too long."""
        deadline = time.monotonic() + PATIENCE
        while len(self.judged()) < share * len(self.names):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.judged())} of {len(self.names)} pictures have a verdict")
            time.sleep(0.2)
        return time.monotonic()

    def judged(self) -> dict[str, Record]:
        """The records that have a verdict."""
        try:
            records = [pair for chunk in self.store.scan() for pair in chunk]
        except Unavailable:
            return {}  # Redis starts
        return {path: record for path, record in records if record.verdict or record.state is State.FAILED}

    def rate(self, count: int) -> float:
        """Verdicts a second for so many more pictures."""
        self.move_in(count)
        begun = time.monotonic()
        return count / (self.wait_for(1) - begun)

    def wrong(self) -> list[str]:
        """Pictures whose verdict is another than it should be, in words."""
        judged, found = self.judged(), []
        for number, name in enumerate(self.names):
            if number + 1 < len(self.names) and _is_copy(number + 1):
                continue  # looked at with its copy
            together = self.names[number - 1 : number + 1] if _is_copy(number) else [name]
            given = sorted(judged[one].verdict if one in judged else "none" for one in together)
            if given != sorted([Verdict.UNIQUE, Verdict.NEAR][: len(together)]):
                found.append(f"{' and '.join(together)}: {' and '.join(given)}")
        return found


def _is_copy(number: int) -> bool:
    return number % COPY_OF_EVERY == COPY_OF_EVERY - 1


def make_picture(number: int) -> np.ndarray:
    """BGR uint8 `[256, 256, 3]`: shapes that no other number has."""
    chance = np.random.default_rng(number)
    picture = cv2.resize(chance.integers(0, 256, (6, 6, 3), np.uint8), (256, 256), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        points = chance.integers(0, 256, (4, 2)).astype(np.int32)
        cv2.fillPoly(picture, [points], [int(level) for level in chance.integers(0, 256, 3)], cv2.LINE_AA)
    return np.asarray(picture, np.uint8)


def _start(machines: Sequence[Machine], desk: Desk) -> None:
    for machine in machines:
        for words in MACHINE_PROGRAMS:
            machine.start([sys.executable, "-m", "shared.cli", *words], desk.settings)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(
    images: Annotated[int, typer.Option(help="Pictures of each of the three parts.")] = 200,
) -> None:
    """Print the rates, what was done to the machines, and what is wrong in the end; exit 1 where anything is."""
    if os.geteuid() or not shutil.which("ip"):
        raise SystemExit("network namespaces want root and iproute2's `ip`")
    with tempfile.TemporaryDirectory(prefix="machines", ignore_cleanup_errors=True) as scratch:
        base = Path(scratch)
        desk = Desk(base)
        one, other = machines = [Machine(number, base / f"machine-{number}", desk.watched) for number in (1, 2)]
        with network(machines), desk.running():
            _start([one], desk)
            desk.move_in(20)
            desk.wait_for(1)
            alone = desk.rate(images)
            typer.echo(f"one machine: {alone:.1f} verdicts a second")
            _start([other], desk)
            desk.move_in(20)
            desk.wait_for(1)
            typer.echo(f"two machines: {desk.rate(images) / alone:.2f} times as many, on the same cores")
            before = len(desk.names)
            desk.move_in(images)
            desk.wait_for((before + images / 4) / len(desk.names))
            typer.echo(f"killed {one.kill()} processes of the one, with {len(desk.judged())} of {len(desk.names)} done")
            desk.wait_for((before + images / 2) / len(desk.names))
            other.plug(into=False)
            typer.echo(f"cut the other off for {CUT_SECONDS:.0f} s, with {len(desk.judged())} done")
            time.sleep(CUT_SECONDS)
            other.plug(into=True)
            _start([one], desk)
            begun = time.monotonic()
            typer.echo(f"all done {desk.wait_for(1) - begun:.0f} s after both were there again")
            wrong = desk.wrong()
    typer.echo(f"{len(desk.names)} pictures, {len(wrong)} without the verdict that they should have")
    for line in wrong:
        typer.echo(line)
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    typer.run(main)
