"""Keras and its backend, loaded without the messages of TensorFlow's C++ about its build.

That goes to file descriptor 2 before any log level counts, so the descriptor itself is turned aside meanwhile.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

_WELL: Final = b"\0well\n"
# Information and warnings of C++, and the line that announces them.
_NOISE: Final = rb"[IW]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] |WARNING: All log messages before absl::InitializeLog"
# Said as an error. Where a GPU is, it is one.
_NO_GPU: Final = rb"|E\d{4} .* failed call to cuInit: "
_GPUS: Final = ("nvidia*", "dxg")  # device files, of Linux and of WSL
_FOR_OTHERS: Final = ("sklearn", "matplotlib")  # Keras has wrappers and plots for those who have these
# A process of its own, because a library that needs other processor instructions ends this one before it could speak.
_FILTER: Final = """
import re, sys
noise, held = re.compile({noise!r}), []
for line in sys.stdin.buffer:
    if line.endswith({well!r}):
        break
    if noise.match(line):
        held.append(line)
    else:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
else:
    sys.stderr.buffer.write(b"".join(held))
"""


@cache
def load_backend() -> None:
    """Import Keras and have its backend look for devices: seconds. What they say is shown if it fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for what TensorFlow says later
    with held_back(), _left_out(_FOR_OTHERS):
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.list_physical_devices()


def describe_backend() -> dict[str, str]:
    """The versions of Keras and its backend, as `keras`, and the names of the devices that they find, as `devices`."""
    load_backend()
    import keras

    found = {"keras": f"{keras.__version__} on {keras.backend.backend()}", "devices": "CPU"}
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        found["keras"] += f" {tensorflow.__version__}"
        found["devices"] = ", ".join(device.name for device in tensorflow.config.list_physical_devices())
    return found


@contextmanager
def held_back(devices: Path = Path("/dev")) -> Iterator[None]:
    """Hold back what C++ tells of its build; show it if this block, or the whole process, does not end well.

    Whatever else is written to standard error goes on its way. devices: where a GPU has its file.
    """
    sys.stderr.flush()
    gpu = any(True for name in _GPUS for _ in devices.glob(name))
    said, saying = os.pipe()
    command = [sys.executable, "-IS", "-c", _FILTER.format(noise=_NOISE + (b"" if gpu else _NO_GPU), well=_WELL)]
    holder = subprocess.Popen(command, stdin=said, stdout=subprocess.DEVNULL, start_new_session=True)
    os.close(said)
    terminal = os.dup(2)
    os.dup2(saying, 2)
    well = b""
    try:
        yield
        well = _WELL
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
        with suppress(BrokenPipeError):  # somebody killed it
            os.write(saying, well)
        os.close(saying)
        holder.wait()


@contextmanager
def _left_out(packages: tuple[str, ...]) -> Iterator[None]:
    """Have imports in this thread go without these packages: here they would cost a second and 80 MB for nothing.

    Where one is loaded already it is found all the same, and so it is by other threads.
    """
    absent = _Absent(packages, threading.get_ident())
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


class _Absent:
    """A finder that knows of packages only that they are not there."""

    def __init__(self, packages: tuple[str, ...], thread: int) -> None:
        self._packages, self._thread = packages, thread

    def find_spec(self, name: str, *_: object) -> None:
        if name in self._packages and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is left out here", name=name)
