"""The Celery tasks: parse the message, call the pipeline, return what it says."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from celery import Celery, Task

from shared import names
from shared.broker import Lane, pass_on_proposals, request_proposals, request_verdicts, send_references
from shared.errors import DamagedImages, RefusedReference, TransientError
from shared.paths import is_below_root
from shared.records import Reference
from worker.pipeline.extracting.guard import DecoderStuck

# Imported where they run: they pull in libraries (OpenCV; scikit-learn and matplotlib, 3 seconds and 150 MB) that the
# other queues' workers and Celery's main process have no use for.
if TYPE_CHECKING:
    from worker.pipeline.extracting.extraction import Extraction
    from worker.pipeline.judging.proposal import Proposal
    from worker.pipeline.judging.proposer import Proposer
    from worker.pipeline.judging.succession import Succession
    from worker.pipeline.judging.writer import Writer
    from worker.pipeline.reclustering.reclustering import Reclustering

_Parsed = TypeVar("_Parsed")

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 60
LARGEST_K = 1000  # as IMAGESIEVE_K has it


class TaskWorkshop(Protocol):
    """The parts of the composition root (worker.workshop) that tasks use; each is built on first use."""

    @property
    def extraction(self) -> "Extraction":
        """Collaborators of the feature worker; the first use begins to load the network."""

    @property
    def proposes(self) -> bool:
        """Whether proposers look at what is new before the verdict writer does."""

    @property
    def proposers(self) -> "Succession[Proposer]":
        """The proposer of this process, for the extractor that counts."""

    @property
    def reclustering(self) -> "Reclustering":
        """Collaborators of the recluster worker."""

    @property
    def writer(self) -> "Writer":
        """The verdict writer."""

    def refuse(self, count: int) -> None:
        """Count messages, or parts of them, that were refused."""

    def renew(self, digests: Collection[str]) -> None:
        """Have the files of these pictures sent again: what is stored of them is damaged."""

    def end(self) -> NoReturn:
        """End this process at once; its message comes back to the next one."""


def register(app: Celery, workshop: TaskWorkshop) -> None:
    """Give `app` its tasks."""

    # Whatever arguments a message comes with, it reaches the parser, which refuses and counts what is not ours.
    @app.task(name=names.TASK_EXTRACT, bind=True, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def extract_task(self: Task, *given: object, **more: object) -> dict[str, Any]:
        from worker.pipeline.extracting.extract import extract_batches
        from worker.pipeline.extracting.outcome import Outcome

        parsed, lane = _accept(parse_references(given, more), workshop), _lane(self)
        total = Outcome()
        with _retried(self, workshop), _unstuck(app, workshop):
            for outcome in extract_batches(parsed, workshop.extraction):
                for reference in outcome.alone:
                    send_references(app, [reference], lane)
                (request_proposals if workshop.proposes else request_verdicts)(app, outcome.finished, lane)
                if outcome.seconds:
                    logger.info("batch: %s", outcome)
                total += outcome
        logger.info("message of %d: %s", len(parsed), total)
        return {**asdict(total), "alone": len(total.alone), "finished": len(total.finished)}

    @app.task(name=names.TASK_PROPOSE, bind=True, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def propose_task(self: Task, *given: object, **more: object) -> int:
        parsed = _accept(parse_paths(given, more), workshop)
        with _retried(self, workshop):
            found = workshop.proposers.current().propose(parsed)
            pass_on_proposals(app, parsed, [proposal.to_wire() for proposal in found], _lane(self))
        logger.info("looked at %d files: %d proposals", len(parsed), len(found))
        return len(found)

    @app.task(name=names.TASK_JUDGE, bind=True, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def judge_task(self: Task, *given: object, **more: object) -> dict[str, int]:
        proposals = _accept(parse_proposals(more.pop("proposals", [])), workshop)
        parsed = _accept(parse_paths(given, more), workshop)
        with _retried(self, workshop):
            found = workshop.writer.look(parsed, proposals)
            workshop.writer.pass_on(lambda waiting: request_verdicts(app, waiting, Lane.BACKLOG))
        logger.info("looked at %d files with %d proposals: %d verdicts given", len(parsed), len(proposals), found)
        return {"verdicts": found, "duplicates": workshop.writer.duplicates}

    # Acknowledged early: beat repeats it, so a run that took its worker down must not come back at once.
    @app.task(name=names.TASK_RECLUSTER, bind=True, acks_late=False, ignore_result=False, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def recluster_task(self: Task, *given: object, **more: object) -> dict[str, Any]:
        from worker.pipeline.reclustering.recluster import recluster

        wanted = _accept(parse_recluster(given, more), workshop)
        if not wanted:
            return {"outcome": "refused", "message": "the request did not parse; it was refused"}
        with _retried(self, workshop):
            outcome: dict[str, Any] = recluster(workshop.reclustering, *wanted[0])
            logger.log(logging.WARNING if outcome.get("report_error") else logging.INFO, "%s", outcome["message"])
            request_verdicts(app, outcome.pop("unjudged", []), Lane.BACKLOG)
        return outcome


def _lane(task: Task) -> Lane:
    """The lane that the message came in: what follows from it goes on in the same one."""
    return Lane.of((task.request.delivery_info or {}).get("priority"))


def parse_references(given: Sequence[object], more: Mapping[str, object]) -> tuple[list[Reference], list[str]]:
    """The references of a message that parse, and why the others were refused (pure)."""
    parsed: dict[Reference, None] = {}
    values, refused = _only_list(given, more, "references")
    for value in values:
        try:
            parsed[Reference.from_wire(value)] = None
        except RefusedReference as error:
            refused.append(str(error))
    return list(parsed), refused


def parse_paths(given: Sequence[object], more: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """The paths of a message that may be looked at, and why the others were refused (pure)."""
    values, refused = _only_list(given, more, "paths")
    parsed = [value for value in values if is_below_root(value)]
    odd = [value for value in values if not is_below_root(value)]
    return parsed, refused + [f"a message named {_short(value)}, no path below the watched folder" for value in odd]


def parse_proposals(values: object) -> "tuple[list[Proposal], list[str]]":
    """The proposals of a message that parse, and why the others were refused; paths are looked at without one, too."""
    from worker.pipeline.judging.proposal import Proposal

    if not isinstance(values, list):
        return [], [f"a message held {_short(values)} where a list of proposals belongs"]
    parsed, refused = [], []
    for value in values:
        try:
            parsed.append(Proposal.from_wire(value))
        except ValueError as error:
            refused.append(str(error)[:120])
    return parsed, refused


def parse_recluster(
    given: Sequence[object], more: Mapping[str, object]
) -> tuple[list[tuple[bool, int | None, bool]], list[str]]:
    """The run that is asked for, as `recluster` takes it: force, k, patient.

    An empty list, and why, for a message not ours. Pure.
    """
    force, patient, k = more.get("force", False), more.get("patient", False), more.get("k")
    is_k = k is None or (isinstance(k, int) and not isinstance(k, bool) and 0 <= k <= LARGEST_K)
    known = not given and more.keys() <= {"force", "k", "patient"}
    if known and isinstance(force, bool) and isinstance(patient, bool) and is_k:
        return [(force, k if isinstance(k, int) else None, patient)], []
    return [], [f"a recluster message held {_short([*given, dict(more)])}"]


def _only_list(given: Sequence[object], more: Mapping[str, object], what: str) -> tuple[list[object], list[str]]:
    """The list that is a message's one argument, or why it has none."""
    if len(given) == 1 and not more and isinstance(given[0], list):
        return given[0], []
    return [], [f"a message held {_short([*given, *([dict(more)] if more else [])])} where a list of {what} belongs"]


def _short(value: object) -> str:
    return repr(value)[:120]


def _accept(parsed: tuple[list[_Parsed], list[str]], workshop: TaskWorkshop) -> list[_Parsed]:
    """The values of a message that parsed. The refused ones are logged and counted."""
    values, refused = parsed
    if refused:
        logger.warning("refused: %s", "; ".join(refused[:3]))
        workshop.refuse(len(refused))
    return values


@contextmanager
def _retried(task: Task, workshop: TaskWorkshop) -> Iterator[None]:
    """Turn a transient error into a later try of the task, with a growing pause."""
    try:
        try:
            yield
        except DamagedImages as error:
            workshop.renew(error.digests)
            raise
    except TransientError as error:
        pause = min(LONGEST_PAUSE, 2 ** min(task.request.retries, 6))
        logger.warning("%s; trying again in %d s", error, pause)
        raise task.retry(exc=error, countdown=pause) from error


@contextmanager
def _unstuck(app: Celery, workshop: TaskWorkshop) -> Iterator[None]:
    """End this process when a file keeps its decoder; the next one goes on with the message, without that file."""
    try:
        yield
    except DecoderStuck as stuck:
        paths = [reference.path for reference in stuck.files]
        logger.warning("%r: %s; this process ends, another one goes on with the message", paths, stuck)
        request_verdicts(app, paths)
        workshop.end()
