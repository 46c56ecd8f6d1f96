"""A check: what a picture would be in the collection, asked of the workers, who keep nothing of it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from shared.errors import CorruptValue
from shared.records.collection import Event
from shared.records.sealed import fields_of

LONGEST_NAME = 1000  # characters


class Stage(StrEnum):
    """What is to be done for a check next, and by whom."""

    DESCRIBE = "describe"  # by a feature worker
    COMPARE = "compare"  # by the verdict writer


@dataclass(frozen=True, slots=True)
class Question:
    """A picture that is asked about. id: a word that nobody else uses. name: what whoever asks calls it."""

    id: str
    name: str

    def to_wire(self) -> bytes:
        """Compact JSON, always the same bytes."""
        return json.dumps([self.id, self.name], separators=(",", ":")).encode()

    @classmethod
    def from_wire(cls, raw: bytes) -> Self:
        """Parse what `to_wire` gave. Raises CorruptValue for anything else."""
        try:
            question, name = json.loads(raw)
        except (ValueError, TypeError) as error:
            raise CorruptValue(f"a check does not parse ({error})") from error
        if not (isinstance(question, str) and isinstance(name, str) and len(name) <= LONGEST_NAME):
            raise CorruptValue("a check does not parse")
        return cls(question, name)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A picture of the collection that looks alike. cosine: of the two pictures' features, -1 to 1.

    Similar is not duplicate: nothing is proved by it.
    """

    path: str
    cosine: float


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What a picture would be. event: as it would stand in the stream. keeper: the file that stays of its group.

    nearest: the pictures that look most like it, whatever the verdict; the likest first. failure: of a file that gives
    no picture, in the words of FailureKind. different: files that users said show another picture than this one.
    """

    event: Event
    keeper: str = ""
    nearest: tuple[Neighbour, ...] = ()
    failure: str = ""
    different: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The fields of the event, and beside them `keeper`, `nearest`, `failure` and `different`."""
        beside = {"keeper": self.keeper, "nearest": [fields_of(one) for one in self.nearest], "failure": self.failure}
        return {**fields_of(self.event), **beside, "different": list(self.different)}

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Parse what `to_json` gave. Raises CorruptValue for anything else."""
        try:
            values = json.loads(raw)
            keeper, nearest, failure = (values.pop(name) for name in ("keeper", "nearest", "failure"))
            near = tuple(Neighbour(one["path"], float(one["cosine"])) for one in nearest)
            different = tuple(map(str, values.pop("different", ())))  # none from a worker of before
            return cls(Event(**values), str(keeper), near, str(failure), different)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CorruptValue(f"the answer to a check does not parse ({error})") from error


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer: the parts of an `Unavailable`."""

    who: str
    why: str
    remedy: str = ""


def reply_to_json(reply: CheckAnswer | Unanswered) -> bytes:
    """For `reply_from_json`."""
    if isinstance(reply, Unanswered):
        return json.dumps({"unanswered": fields_of(reply)}).encode()
    return reply.to_json().encode()


def reply_from_json(raw: bytes) -> CheckAnswer | Unanswered:
    """Parse what `reply_to_json` gave. Raises CorruptValue for anything else."""
    try:
        values = json.loads(raw)
        if "unanswered" in values:
            return Unanswered(**values["unanswered"])
    except (ValueError, TypeError) as error:
        raise CorruptValue(f"the answer to a check does not parse ({error})") from error
    return CheckAnswer.from_json(raw)
