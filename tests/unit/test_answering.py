"""`up` names its page when it can be opened."""

import socket
import threading
import time

from shared.stack.answering import wait_for_answer


def test_it_is_waited_for_until_somebody_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert not wait_for_answer(url, 0.2)
        begun = time.monotonic()
        timer = threading.Timer(0.4, server.listen)
        timer.start()
        assert wait_for_answer(url, 20)
        assert time.monotonic() - begun >= 0.35
        assert wait_for_answer(url.replace("127.0.0.1", "0.0.0.0"), 20)
        timer.join()
