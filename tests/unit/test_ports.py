"""Which ports a stack takes for its pages."""

import socket

from shared.stack.up import _free_port

ADDRESS = "127.0.0.1"


def test_the_page_gets_another_port_than_flower_though_that_does_not_listen_yet() -> None:
    flower = _free_port(ADDRESS, 0, "FLOWER")
    assert _free_port(ADDRESS, flower, "WEB") == flower  # it is free
    assert _free_port(ADDRESS, flower, "WEB", taken=flower) != flower


def test_a_port_that_somebody_listens_at_is_none() -> None:
    with socket.socket() as theirs:
        theirs.bind((ADDRESS, 0))
        theirs.listen()
        port = theirs.getsockname()[1]
        assert _free_port(ADDRESS, port, "WEB") != port
