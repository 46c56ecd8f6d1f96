"""Previews are made here, in child processes: what a hostile file does to a decoder, it does to one of these.

A picture is decoded by the same decoder, within the same limits, as a feature worker's. One that takes too long loses
its process, and the next picture gets a new one; the page stays.
"""

import asyncio
import multiprocessing
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from shared.errors import FileChanging, ImagesieveError, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference
from worker.libraries import prepare_libraries

WAITING: Final = 500  # previews that may be waited for; more than any page shows
LONGEST_ANSWER: Final = 64 << 20  # bytes
_PREVIEW, _CHANGED, _REFUSED = b"P", b"C", b"R"  # how an answer begins
START_SECONDS: Final = 30.0  # for a child to load its libraries on a busy machine


@dataclass(frozen=True, slots=True)
class Limits:
    """As the settings have them. seconds: by the clock, for one picture."""

    max_pixels: int
    max_bytes: int
    seconds: float


class NoRoom(ImagesieveError):
    """Too many pictures are waited for."""


class Darkroom:
    """A few children, each of which makes one preview at a time; who waits for one holds no thread of the server."""

    def __init__(self, root: Path, limits: Limits, children: int = 2) -> None:
        """root: the watched folder. Children start when they are needed first."""
        self._root = root
        self._limits = limits
        self._executor = ThreadPoolExecutor(children, "darkroom")
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._waiting = 0
        self._failed: OrderedDict[str, UnreadableImage] = OrderedDict()  # digest -> why: not tried again and again

    async def develop(self, reference: Reference, digest: str, side: int) -> bytes:
        """WebP of a file of the watched folder, its long side no more than `side` pixels, in sRGB.

        digest: what the file is to have. Raises UnreadableImage, FileChanging where it is another one by now, NoRoom.
        """
        return await self._do("preview", digest, (reference, digest, side))

    async def lay(self, one: tuple[Reference, str], other: tuple[Reference, str]) -> bytes:
        """The other picture laid on the first one, and where they differ: see laying.lay. Raises as `develop`."""
        return await self._do("laid", f"{one[1]} {other[1]}", (one, other))

    async def tell(self, reference: Reference, digest: str) -> bytes:
        """What is said of the picture in its file: see origins.tell. Raises as `develop`."""
        return await self._do("told", f"told {digest}", (reference, digest))

    async def _do(self, what: str, name: str, about: tuple[Any, ...]) -> bytes:
        """name: of what fails again if it failed before."""
        if name in self._failed:
            raise self._failed[name]
        if self._waiting >= WAITING:
            raise NoRoom("too many previews are queued; try again in a moment")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, self._in_child, what, about)
        except UnreadableImage as error:
            self._failed[name] = error
            if len(self._failed) > WAITING:
                self._failed.popitem(last=False)
            raise
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the children."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for child in self._idle:
                child.end()
            self._idle.clear()

    def _in_child(self, what: str, about: tuple[Any, ...]) -> bytes:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        child = child or _Child(self._root, self._limits)
        try:
            return child.do(what, about, self._limits.seconds)
        finally:
            if child.lives:
                with self._lock:
                    self._idle.append(child)


class _Child:
    """A process, and the pipe to it. What comes from there is bytes, never an object: nothing in it is believed."""

    def __init__(self, root: Path, limits: Limits) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, root, limits), name="darkroom", daemon=True)
        self._process.start()
        theirs.close()
        self._begun = False
        self.lives = True

    def do(self, what: str, about: tuple[Any, ...], seconds: float) -> bytes:
        patience = seconds if self._begun else seconds + START_SECONDS
        try:
            self._pipe.send((what, about))
            if not self._pipe.poll(patience):
                self.end()
                raise UnreadableImage(FailureKind.DECODER, f"no preview: its decoder took more than {seconds:g} s")
            answer = self._pipe.recv_bytes(LONGEST_ANSWER)
        except (EOFError, OSError) as error:
            self.end()
            raise UnreadableImage(FailureKind.DECODER, "no preview: it ended its decoder") from error
        self._begun = True
        if answer[:1] == _PREVIEW:
            return answer[1:]
        reason = answer[1:].decode(errors="replace")
        raise FileChanging(reason) if answer[:1] == _CHANGED else UnreadableImage(FailureKind.OTHER, reason)

    def end(self) -> None:
        self.lives = False
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, root: Path, limits: Limits) -> None:
    """In the child: answer until the pipe ends. An answer is a preview, or why there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    prepare_libraries(limits.max_pixels)
    from worker.web.developing import develop
    from worker.web.laying import lay
    from worker.web.origins import tell

    makers: dict[str, Callable[..., bytes]] = {"preview": develop, "laid": lay, "told": tell}
    while True:
        try:
            what, about = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = _PREVIEW + makers[what](root, *about, limits.max_pixels, limits.max_bytes)
        except FileChanging as error:
            answer = _CHANGED + str(error).encode(errors="replace")
        except ImagesieveError as error:
            answer = _REFUSED + str(error).encode(errors="replace")
        except MemoryError:
            answer = _REFUSED + b"no preview: it needs more memory than there is"
        pipe.send_bytes(answer)
