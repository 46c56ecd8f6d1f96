"""Files that are the ruin of the process which decodes them: one that takes too long, one that kills it every time."""

import io
import os
import signal
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.broker import outstanding
from shared.records import Reference, State
from shared.settings import Settings
from shared.store import keys
from tests.integration.test_worker import Line, children

Start = Callable[..., Line]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    lines = []

    def begin(**changed: object) -> Line:
        lines.append(Line(settings.model_copy(update=changed)))
        return lines[-1]

    yield begin
    for line in lines:
        line.process.terminate()
        line.process.wait(60)


def encoded(picture: np.ndarray, kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind)
    return out.getvalue()


def put_photos(line: Line, count: int) -> list[Reference]:
    photo = encoded(load_sample_image("china.jpg"), "JPEG")
    return [line.put(f"{number}.jpg", photo + bytes([number])) for number in range(count)]


def test_a_file_that_takes_too_long_is_refused_and_the_others_go_on(start: Start) -> None:
    line = start(decode_seconds=2.0)
    noise = np.random.default_rng(0).integers(0, 256, (2600, 2600, 3), dtype=np.uint8)  # seconds of JPEG 2000
    slow = line.put("slow.jp2", encoded(noise, "JPEG2000"))
    photos = put_photos(line, 16)
    line.send(*photos[:5], slow, *photos[5:])
    line.wait(lambda: line.store.counts().pending == 0)
    line.wait(lambda: outstanding(line.app).unacknowledged == 0)
    [(path, record)] = line.store.failures()
    assert path == "slow.jp2"
    assert "more than 2 s of a processor (IMAGESIEVE_DECODE_SECONDS)" in record.reason
    assert line.store.counts().ready == 16
    paths = [reference.path for reference in (slow, *photos)]
    assert line.store.begin(paths) == [1] * len(paths)  # nobody is left to blame


def test_a_file_that_kills_its_worker_is_found_and_the_others_go_on(start: Start) -> None:
    """Whoever reads the poison is killed: the kernel would do the same to one that takes all memory.

    It is read at the first two attempts, with others, and from the fourth on alone; at the third all are sent alone.
    """
    line = start()
    [first, *photos] = put_photos(line, 20)
    line.send(first)
    line.wait(lambda: line.store.counts().pending == 0)
    poison = line.put("poison.jpg", encoded(load_sample_image("flower.jpg"), "JPEG"))
    ended, kills = threading.Event(), []

    def murder() -> None:
        seen = 0
        while not ended.wait(0.005):
            begun = int(line.store._redis.hget(keys.KEY_ATTEMPTS, poison.path) or 0)
            if begun > seen and begun in (1, 2, 4, 5) and (found := children(line.process.pid)):
                os.kill(found[0], signal.SIGKILL)
                kills.append(seen := begun)

    murderer = threading.Thread(target=murder)
    murderer.start()
    line.send(*photos[:9], poison, *photos[9:])
    try:
        line.wait(lambda: line.store.counts().pending == 0, patience=240)
    finally:
        ended.set()
        murderer.join()
    [(path, record)] = line.store.failures()
    assert path == "poison.jpg"
    assert record.state is State.FAILED
    assert "it crashed the decoder" in record.reason
    assert kills == [1, 2, 4, 5]
    assert line.store.counts().ready == 20
    line.wait(lambda: outstanding(line.app).unacknowledged == 0)
