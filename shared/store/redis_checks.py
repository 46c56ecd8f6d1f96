"""Checks in Redis: a line for each stage, the picture's bytes beside it, and an answer that its asker waits for.

All of it runs out: a check that nobody takes, or whose asker has gone, leaves nothing.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Self

from shared.errors import CorruptValue
from shared.records.checks import CheckAnswer, Question, Stage, Unanswered, reply_from_json, reply_to_json
from shared.store import keys
from shared.store.redis_client import RedisPart, connect

CHECKS_IN_LINE: Final = 16  # that may wait at a time, of all askers together
BYTES_IN_LINE: Final = 256 << 20  # of their pictures, likewise
KEPT_SECONDS: Final = 120  # of all that belongs to a check; nobody waits longer for an answer


class RedisChecks(RedisPart):
    """Both sides of a check: whoever asks, and the workers. Every method raises Unavailable."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """Checks in the store at `url`; connects on first use."""
        return cls(connect(url))

    # Whoever asks.

    def ask(self, question: Question, data: bytes) -> bool:
        """Put a picture in line to be described; False where too much waits already."""
        with self._speaking():
            waiting = self._redis.lrange(keys.key_checks(Stage.DESCRIBE), 0, -1)
            described = self._redis.llen(keys.key_checks(Stage.COMPARE))
            size = sum(self._redis.strlen(_content(one)) for one in _parsed(waiting))
        # Askers that come in one moment may get in together: so many more wait, for a moment.
        if len(waiting) + described >= CHECKS_IN_LINE or (size and size + len(data) > BYTES_IN_LINE):
            return False
        with self._speaking():
            self._put(question, Stage.DESCRIBE, data)
        return True

    def wait(self, question: Question, seconds: float) -> CheckAnswer | Unanswered | None:
        """The reply as soon as it is there; None after so many seconds. Up to 20 at a time."""
        with self._speaking():
            found = self._redis.blpop([keys.key_check(question.id, "answer")], timeout=seconds)
        with suppress(CorruptValue):  # of a worker of another version: as none
            return reply_from_json(found[1]) if found else None
        return None

    def progress(self, question: Question) -> tuple[Stage, str]:
        """The stage that a check is in, and who works on it; "" while it waits for somebody."""
        with self._speaking():
            raw = self._redis.get(keys.key_check(question.id, "progress")) or b""
        stage, _, node = raw.decode("ascii", "replace").partition(" ")
        return (Stage(stage) if stage in list(Stage) else Stage.DESCRIBE), node

    def withdraw(self, question: Question) -> None:
        """Nobody waits for the answer any more: whoever has not begun need not."""
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for stage in Stage:
                pipe.lrem(keys.key_checks(stage), 0, question.to_wire())
            pipe.delete(*(keys.key_check(question.id, part) for part in ("content", "progress", "answer")))
            pipe.execute()

    # Workers. node: who takes part, such as `features@host`.

    def is_asked(self, stage: Stage) -> bool:
        """Whether a check waits for this stage. One round trip."""
        with self._speaking():
            return bool(self._redis.llen(keys.key_checks(stage)))

    def take(self, stage: Stage, node: str, count: int) -> list[tuple[Question, bytes]]:
        """Up to `count` checks that wait, in order, with what the stage before left of them."""
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for _ in range(count):
                pipe.lpop(keys.key_checks(stage))
            questions = list(_parsed(one for one in pipe.execute() if one))
        if not questions:
            return []
        mark = json.dumps([stage, node, os.getpid(), time.time()])
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            for question in questions:
                pipe.hset(keys.KEY_CHECKS_IN_HAND, question.to_wire(), mark)
                pipe.set(keys.key_check(question.id, "progress"), f"{stage} {node}", ex=KEPT_SECONDS)
                pipe.get(_content(question))
            pipe.expire(keys.KEY_CHECKS_IN_HAND, KEPT_SECONDS)
            found = pipe.execute()[2::3]
        here = [(question, data) for question, data in zip(questions, found, strict=False) if data is not None]
        self._let_go([one for one in questions if one not in [question for question, _ in here]])
        return here

    def pass_on(self, question: Question, described: bytes) -> None:
        """Put a check in line to be compared."""
        with self._speaking():
            self._put(question, Stage.COMPARE, described)
            self._redis.hdel(keys.KEY_CHECKS_IN_HAND, question.to_wire())

    def reply(self, question: Question, reply: CheckAnswer | Unanswered) -> None:
        """Answer a check, which is over then."""
        with self._speaking(), self._redis.pipeline(transaction=True) as pipe:
            pipe.rpush(keys.key_check(question.id, "answer"), reply_to_json(reply))
            pipe.expire(keys.key_check(question.id, "answer"), KEPT_SECONDS)
            pipe.delete(_content(question))
            pipe.hdel(keys.KEY_CHECKS_IN_HAND, question.to_wire())
            pipe.execute()

    def abandoned(self, stage: Stage, node: str) -> list[Question]:
        """Checks that a process of this node had in hand when it died; what other nodes left long ago is forgotten."""
        with self._speaking():
            held = self._redis.hgetall(keys.KEY_CHECKS_IN_HAND)
        found: list[Question] = []
        old: list[bytes] = []
        for raw, mark in held.items():
            try:
                its_stage, its_node, process, since = json.loads(mark)
                is_old = time.time() - float(since) > KEPT_SECONDS
            except (ValueError, TypeError):
                is_old, its_stage, its_node, process = True, "", "", 0
            if is_old:
                old.append(raw)
            elif (its_stage, its_node) == (stage, node) and not _is_alive(process):
                found += _parsed([raw])
        if old:
            with self._speaking():
                self._redis.hdel(keys.KEY_CHECKS_IN_HAND, *old)
        return found

    def _let_go(self, questions: Sequence[Question]) -> None:
        if questions:
            with self._speaking():
                self._redis.hdel(keys.KEY_CHECKS_IN_HAND, *(one.to_wire() for one in questions))

    def _put(self, question: Question, stage: Stage, content: bytes) -> None:
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_content(question), content, ex=KEPT_SECONDS)
            pipe.set(keys.key_check(question.id, "progress"), f"{stage} ", ex=KEPT_SECONDS)
            pipe.rpush(keys.key_checks(stage), question.to_wire())
            pipe.expire(keys.key_checks(stage), KEPT_SECONDS)
            pipe.execute()


def _content(question: Question) -> str:
    return keys.key_check(question.id, "content")


def _parsed(raws: Any) -> Iterator[Question]:
    """The questions among these; what is none is passed over."""
    for raw in raws:
        with suppress(CorruptValue):
            yield Question.from_wire(raw)


def _is_alive(process: object) -> bool:
    if not isinstance(process, int) or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
