"""Keras and its backend, loaded without what TensorFlow's C++ tells of its build on the way.

That goes to file descriptor 2 before any log level counts, so the descriptor itself is turned aside meanwhile.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_WELL: Final = b"\0well"
# A process of its own, because a library that needs other processor instructions ends this one before it could speak.
_HOLD: Final = f"""
import sys
said = sys.stdin.buffer.read()
if not said.endswith({_WELL!r}):
    sys.stderr.buffer.write(said)
"""


def load_backend() -> None:
    """Import Keras and have its backend look for devices; seconds the first time. What they say is shown if it fails.

    For processes whose standard error a person reads; loggers of other threads would be turned aside, too.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for what TensorFlow says later
    with held_back():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow

            tensorflow.config.list_physical_devices()


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back what is written to standard error; show it if this block, or the whole process, does not end well."""
    sys.stderr.flush()
    said, saying = os.pipe()
    command = [sys.executable, "-IS", "-c", _HOLD]
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
