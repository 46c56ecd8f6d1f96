"""Where hints come from: a watchdog observer over inotify, or one that polls.

What watchdog 7.1 leaves to its user, and is answered here:

- when the kernel drops events, its queue being full, it sets its watches anew and is silent: a rescan is asked for;
- when the watch limit is reached below the root, the folder stays unwatched without a word: polling takes over;
- an unmounted root leaves an observer that is alive and deaf, an exception ends its threads: both count as not alive;
- a folder that may not be read is entered under descriptor -1: refused before that;
- the polling observer follows links, unless it is given lstat.
"""

import errno
import logging
import os
import threading
from pathlib import Path
from typing import Any, Final, Literal

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchCallback
from watchdog.observers.polling import PollingObserverVFS

from watcher.hints import HintBox

# Without "opened" and "closed without a write": the workers read every file, and each read would be two events.
_EVENTS: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
STOP_SECONDS: Final = 1.0  # a polling observer in the middle of a slow look is not waited for longer: it is a daemon

_log = logging.getLogger(__name__)


class _Handler(FileSystemEventHandler):
    """Turns events into hints by their names alone: no look at the disk, and nothing that can raise."""

    def __init__(self, root: str, hints: HintBox) -> None:
        self._prefix = root.rstrip("/") + "/"
        self._hints = hints

    def on_any_event(self, event: FileSystemEvent) -> None:
        source, target = self._relative(event.src_path), self._relative(event.dest_path)
        if not event.is_directory:
            for path in filter(None, (source, target)):
                self._hints.add_file(path)
            return
        came = source if isinstance(event, DirCreatedEvent) else target
        if source and not isinstance(event, DirCreatedEvent):
            self._hints.add_departed(source)
        if came:
            self._hints.add_folder(came)

    def _relative(self, path: bytes | str) -> str:
        """Relative to the root; "" for the root itself, whose fate is checked by the service, and for no path."""
        name = os.fsdecode(path)
        return name.removeprefix(self._prefix) if name.startswith(self._prefix) else ""


class _Reader(InotifyFD):
    """watchdog's reading thread, which also notices what watchdog keeps to itself."""

    def __init__(self, hints: HintBox) -> None:
        super().__init__()
        self._hints = hints
        self.limit_reached = False
        self.deaf = False

    def add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> Any:
        """Watch `path`. The caller swallows the errors of all folders but the root, so they are noted here."""
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            self.limit_reached |= error.errno == errno.ENOSPC
            raise

    def handle_event(self, event: InotifyEvent) -> None:
        """Handle one event; the first error ends the usefulness of this reader, not silently."""
        try:
            super().handle_event(event)
        except Exception:
            _log.exception("the inotify reader failed at %r; it is replaced", event)
            self.deaf = True
        if event.is_queue_overflow:  # after the watches are set anew, so that the rescan leaves no gap
            self._hints.want_rescan("the kernel dropped events, its queue was full (fs.inotify.max_queued_events)")
        if event.mask & InotifyConstants.IN_UNMOUNT:
            self.deaf = True


class _InotifyObserver(BaseObserver):
    """watchdog's InotifyObserver with the reader above."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(InotifyEmitter, inotify_fd=reader)
        self._reader = reader
        reader.start()

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self._reader.stop()
        self._reader.join()


class Source:
    """One observer of one folder, filling `hints`. Starts and stops in the background: a slow disk delays nobody.

    When it has started it asks for a rescan, because what came before the watches were set gives no event.
    """

    def __init__(self, root: Path, hints: HintBox, kind: Literal["inotify", "polling"], poll_every: float) -> None:
        self.kind = kind
        # inotify is told not to follow links, and the root may be one.
        self._root = os.path.realpath(root)
        self._hints = hints
        self._poll_every = poll_every
        self._reader: _Reader | None = None
        self._observer: BaseObserver | None = None
        self._ready = threading.Event()
        self.error: Exception | None = None

    def start(self, wait: float) -> bool:
        """Start to observe; whether that was done within `wait` seconds. It goes on in the background if not."""
        threading.Thread(target=self._start, name="source-start", daemon=True).start()
        return self._ready.wait(wait)

    def _start(self) -> None:
        try:
            self._observer = self._make()
            handler = _Handler(self._root, self._hints)
            self._observer.schedule(handler, self._root, recursive=True, event_filter=_EVENTS)
            self._observer.start()
        except Exception as error:  # whatever it is, the service reads it here and goes on without this source
            self.error = error
        self._hints.want_rescan("the observer has started")
        self._ready.set()

    def _make(self) -> BaseObserver:
        if self.kind == "polling":
            return PollingObserverVFS(os.lstat, os.scandir, polling_interval=self._poll_every)
        self._reader = _Reader(self._hints)
        return _InotifyObserver(self._reader)

    def is_alive(self) -> bool:
        """Whether events still arrive, or will: it is starting, or all its threads live and are not deaf."""
        if not self._ready.is_set():
            return True
        observer, reader = self._observer, self._reader
        if observer is None or not observer.emitters or (reader and reader.deaf):
            return False
        return all(thread.is_alive() for thread in (observer, *observer.emitters, *filter(None, [reader])))

    def limit(self) -> str:
        """The kernel setting whose limit keeps inotify from watching all of the folder; "" while none does."""
        if self.kind != "inotify":
            return ""
        if self._reader and self._reader.limit_reached:
            return "fs.inotify.max_user_watches"
        if isinstance(self.error, OSError) and self.error.errno in (errno.EMFILE, errno.ENFILE):
            return "fs.inotify.max_user_instances"
        return ""

    def stop(self) -> None:
        """Stop observing, within STOP_SECONDS for the caller."""
        if self._observer:
            stopping = threading.Thread(target=self._observer.stop, name="source-stop", daemon=True)
            stopping.start()
            stopping.join(STOP_SECONDS)
