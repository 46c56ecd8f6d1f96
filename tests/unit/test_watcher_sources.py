import pytest
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
)

from watcher.hints import HintBox
from watcher.sources import _Handler


@pytest.mark.parametrize(
    ("event", "files", "folders", "departed"),
    [
        (FileCreatedEvent("/root/a/b.jpg"), ["a/b.jpg"], [], []),
        (FileModifiedEvent("/root/a.jpg"), ["a.jpg"], [], []),
        (FileClosedEvent("/root/a.jpg"), ["a.jpg"], [], []),
        (FileDeletedEvent("/root/a.jpg"), ["a.jpg"], [], []),
        (FileMovedEvent("/root/a.jpg", "/root/b.jpg"), ["a.jpg", "b.jpg"], [], []),
        (DirCreatedEvent("/root/a"), [], ["a"], []),
        (DirDeletedEvent("/root/a"), [], [], ["a"]),
        (DirMovedEvent("/root/a", "/root/b"), [], ["b"], ["a"]),
        (DirDeletedEvent("/root"), [], [], []),
        (FileMovedEvent("/rootless/a.jpg", "/root/b.jpg"), ["b.jpg"], [], []),
        (FileCreatedEvent(b"/root/caf\xe9.jpg"), ["caf\udce9.jpg"], [], []),
    ],
)
@pytest.mark.parametrize("root", ["/root", "/root/"])
def test_every_event_becomes_a_hint_relative_to_the_root(
    root: str, event: FileSystemEvent, files: list[str], folders: list[str], departed: list[str]
) -> None:
    box = HintBox()
    _Handler(root, box).dispatch(event)
    hints = box.take()
    assert (list(hints.files), list(hints.folders), list(hints.departed)) == (files, folders, departed)


def test_the_root_may_be_the_whole_file_system() -> None:
    box = HintBox()
    _Handler("/", box).dispatch(FileCreatedEvent("/a.jpg"))
    assert list(box.take().files) == ["a.jpg"]
