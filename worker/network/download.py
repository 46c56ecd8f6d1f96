"""A weights file that Keras offers: downloaded once, verified, and announced on standard error."""

import io
import socket
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final, TextIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from shared.errors import WeightsError

DOWNLOAD_SECONDS: Final = 30.0  # without a byte from the server


def download_by_keras(file_name: str, address: str, md5: str, size: str) -> Path:
    """The file in Keras's own cache, downloaded if needed and verified. size: for people. Raises WeightsError."""
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)
    try:
        with redirect_stdout(_Download(sys.stderr, size)):
            return Path(keras.utils.get_file(file_name, address, cache_subdir="models", file_hash=md5))
    except Exception as error:  # Keras raises a bare Exception for what the server or the network did
        raise WeightsError(
            f"the ImageNet weights could not be downloaded ({urlsplit(address).hostname}: {_cause(error)})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _cause(error: Exception) -> str:
    """Without the address of the file, which Keras's own sentence is mostly made of."""
    failed = error.__context__
    if isinstance(failed, HTTPError):
        return f"{failed.code} {failed.reason}"
    return str(failed.reason if isinstance(failed, URLError) else error)


class _Download(io.TextIOBase):
    """Where Keras's progress goes, standard output being for results. It speaks only if it downloads."""

    def __init__(self, out: TextIO, size: str) -> None:
        self._out = out
        self._size = size
        self._announced = False

    def write(self, text: str) -> int:
        if not self._announced:
            self._announced = True
            self._out.write(f"imagesieve: downloading the ImageNet weights, {self._size}, once on this machine\n")
        return self._out.write(text)

    def flush(self) -> None:
        self._out.flush()

    def isatty(self) -> bool:
        return self._out.isatty()
