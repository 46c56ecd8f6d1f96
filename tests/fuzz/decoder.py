"""A process that looks at files as a feature worker does, with limits; and its other end, which outlives it.

python -m tests.fuzz.decoder    reads files from standard input, answers each with a line of JSON
"""

import json
import os
import resource
import select
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MAX_PIXELS: Final = 4_000_000
ADDRESS_SPACE: Final = 3 << 30  # of the process, libraries and threads included
PEAK: Final = 400 << 20  # resident bytes that one file may add: README's 17 a pixel, and room for what a file may hold
SECONDS: Final = 5.0  # of processor time that a file may take, four looks at up to 4 megapixels
PATIENCE: Final = 120.0  # seconds by the clock, on however busy a machine

COMMAND: Final = (sys.executable, "-m", "tests.fuzz.decoder")

_LENGTH: Final = struct.Struct("<I")


@dataclass(frozen=True)
class Look:
    """What came of a file. outcome: `read`, `refused`, or what must not be: `error`, `hang`, `crash`, `memory`.

    detail: the reason or the traceback. seconds: of processor time. peak: resident bytes it added.
    """

    outcome: str
    detail: str
    seconds: float = 0.0
    peak: int = 0

    @property
    def bad(self) -> bool:
        """Whether it must not be."""
        return self.outcome not in ("read", "refused")


class Decoder:
    """The process, started when it is needed and again after it has ended."""

    def __init__(self, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self._command, self._seconds = command, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._said = b""

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def look(self, data: bytes) -> Look:
        """Give it a file and wait for its answer."""
        process = self._started()
        before = _processor_seconds(process.pid)
        try:
            assert process.stdin
            process.stdin.write(_LENGTH.pack(len(data)) + data)
            process.stdin.flush()
            answer = self._line(before + self._seconds)
        except BrokenPipeError:
            answer = {}
        seconds = _processor_seconds(process.pid) - before
        if answer is None:
            self._end()
            return Look("hang", f"no answer within {self._seconds:g} s of processor time", seconds)
        if not answer:
            status = process.wait(PATIENCE)
            self._end()
            return Look("crash", f"the process ended with status {status}", seconds)
        if answer["peak"] > PEAK and answer["outcome"] in ("read", "refused"):
            answer |= {"outcome": "memory", "detail": f"{answer['peak'] >> 20} MiB: {answer['detail']}"}
        return Look(answer["outcome"], answer["detail"], seconds, answer["peak"])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL  # decoders complain on standard error
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=nowhere)
            self._said = b""
            if self._line(60.0) != {"ready": True}:  # loading takes seconds
                raise RuntimeError("the decoding process does not start")
        return self._process

    def _line(self, until: float) -> dict[str, Any] | None:
        """The next answer; {} where the process has ended, None where it used so many seconds of the processor."""
        assert self._process
        assert self._process.stdout
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._said:
            if not select.select([self._process.stdout], [], [], 0.5)[0]:
                if time.monotonic() > deadline or _processor_seconds(self._process.pid) > until:
                    return None
                continue
            more = os.read(self._process.stdout.fileno(), 1 << 16)
            if not more:
                return {}
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _processor_seconds(pid: int) -> float:
    """What a process has used of the processor; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(field: str) -> int:
    with open("/proc/self/status") as status:  # noqa: PTH123 - for every file
        return next(int(line.split()[1]) for line in status if line.startswith(field)) << 10


def _peak(data: bytes) -> tuple[dict[str, str], int]:
    """What came of a file, and the resident bytes it added at its peak."""
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 - the peak begins anew
        file.write("5")
    before = _resident("VmRSS")
    found = _look(data)
    return found, max(0, _resident("VmHWM") - before)


def _look(data: bytes) -> dict[str, str]:
    from shared.errors import UnreadableImage
    from worker.engine.picture.decode import decode, decode_reduced, probe, shrink
    from worker.engine.sketch.impression import take_impression
    from worker.engine.sketch.sketch import Sketch

    try:
        header = probe(data)
        reduced = decode_reduced(data, MAX_PIXELS)
        whole = decode(data, MAX_PIXELS) if reduced.divisor > 1 else reduced.picture
        made = take_impression(data, MAX_PIXELS)
        square = shrink(made.picture, 224)
    except UnreadableImage as error:
        return {"outcome": "refused" if str(error) else "error", "detail": str(error) or "a refusal without a reason"}
    except BaseException:
        return {"outcome": "error", "detail": traceback.format_exc()}
    sizes = {(reduced.width, reduced.height), (made.facts.width, made.facts.height), whole.shape[1::-1]}
    sound = (
        len(sizes) == 1
        and sizes <= {(header.width, header.height), (header.height, header.width)}
        and (whole.dtype, whole.shape[2:], square.shape) == ("uint8", (3,), (224, 224, 3))
        and Sketch.from_bytes(made.sketch.to_bytes()).frame == made.sketch.frame
    )
    return {"outcome": "read" if sound else "error", "detail": f"{header}, {sizes}, {whole.shape}"}


def main() -> None:
    """Look at file after file until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import cv2

    cv2.setNumThreads(1)
    _look(b"P5 1 1 255\n\0")  # everything is loaded
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a decoder that prints says it elsewhere
    answers.write(b'{"ready": true}\n')
    answers.flush()
    while head := sys.stdin.buffer.read(_LENGTH.size):
        found, peak = _peak(sys.stdin.buffer.read(*_LENGTH.unpack(head)))
        answers.write(json.dumps({**found, "peak": peak}).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
