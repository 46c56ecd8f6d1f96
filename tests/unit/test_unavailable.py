"""What is away is told by its parts, through Celery, too."""

import pytest
from celery import Celery
from redis.exceptions import ConnectionError, ResponseError

from shared.absence import Server, takes_no_writes, unavailable
from shared.errors import Unavailable


def test_its_parts_are_a_sentence() -> None:
    assert str(Unavailable("the watched folder /w", "is away", "mount it")) == "the watched folder /w is away; mount it"
    assert str(Unavailable("Redis (store)", "does not answer: timed out")) == "Redis (store) does not answer: timed out"


def test_it_outlives_the_way_through_a_result() -> None:
    backend = Celery(set_as_current=False, backend="cache+memory://").backend
    error = Unavailable(Server.STORE, "does not answer", "start it")
    again = backend.exception_to_python(backend.decode(backend.encode(backend.prepare_exception(error, "json"))))
    assert isinstance(again, Unavailable)
    assert (again.who, again.why, again.remedy) == (error.who, error.why, error.remedy)
    assert str(again) == str(error)


@pytest.mark.parametrize("server", Server)
@pytest.mark.parametrize(
    ("said", "why", "remedy"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", "takes no ", "raise its maxmemory"),
        ("You can't write against a read only replica.", "takes no ", "name the primary"),
        ("MISCONF Errors writing to the AOF file", "takes no ", "make room there"),
        ("invalid username-password pair or user is disabled.", "does not let us in", "check user and password"),
        ("this user has no permissions to run the 'get' command", "does not let us in", "too few rights"),
        ("certificate verify failed", "does not let us in", "?ssl_ca_certs="),
    ],
)
def test_each_cause_has_its_way_out(server: Server, said: str, why: str, remedy: str) -> None:
    error = unavailable(server, ResponseError(said))
    assert error.who == server
    assert error.why.startswith(why)
    assert said in error.why
    assert remedy in error.remedy
    assert takes_no_writes(ResponseError(said)) == (why == "takes no ")


def test_who_does_not_answer_is_waited_for() -> None:
    error = unavailable(Server.BROKER, ConnectionError("Error 111"))
    assert (error.who, error.why, error.remedy) == ("Redis (broker)", "does not answer: Error 111", "")
