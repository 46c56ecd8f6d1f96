"""The Celery tasks: parse the message, call the pipeline, return what it says."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from celery import Celery, Task

from shared import names
from shared.broker import request_verdicts, send_references
from shared.errors import DecoderStuck, RefusedReference, TransientError
from shared.records import Reference

# Imported where they run: they pull in libraries (OpenCV; scikit-learn and matplotlib, 3 seconds and 150 MB) that the
# other queues' workers and Celery's main process have no use for.
if TYPE_CHECKING:
    from worker.pipeline.extract import Extraction
    from worker.pipeline.recluster import Reclustering
    from worker.pipeline.writer import Writer

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 60
PATHS_AT_ONCE = 500  # in one message to the verdict writer


class Tools(Protocol):
    """What the composition root builds, on first use."""

    @property
    def extraction(self) -> "Extraction":
        """Collaborators of the feature worker; the first use loads the model."""

    @property
    def reclustering(self) -> "Reclustering":
        """Collaborators of the recluster worker."""

    @property
    def writer(self) -> "Writer":
        """The verdict writer."""

    def refuse(self, count: int) -> None:
        """Count references that were refused."""

    def end(self) -> NoReturn:
        """End this process at once; its message comes back to the next one."""


def register(app: Celery, tools: Tools) -> None:
    """Give `app` its tasks."""

    @app.task(name=names.TASK_EXTRACT, bind=True, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def extract_task(self: Task, references: object) -> dict[str, Any]:
        from worker.pipeline.extract import extract_batches
        from worker.pipeline.outcome import Outcome

        parsed, refused = parse_references(references)
        if refused:
            logger.warning("refused: %s", "; ".join(refused[:3]))
            tools.refuse(len(refused))
        total = Outcome()
        with _retried(self):
            try:
                for outcome in extract_batches(parsed, tools.extraction):
                    for reference in outcome.alone:
                        send_references(app, [reference])
                    request_verdicts(app, outcome.finished)
                    if outcome.seconds:
                        logger.info("batch: %s", outcome)
                    total += outcome
            except DecoderStuck as stuck:
                paths = [reference.path for reference in stuck.files]
                logger.warning("%r: %s; this process ends, another one goes on with the message", paths, stuck)
                request_verdicts(app, paths)
                tools.end()
        logger.info("message of %d: %s", len(parsed), total)
        return {**asdict(total), "alone": len(total.alone), "finished": len(total.finished)}

    @app.task(name=names.TASK_JUDGE, bind=True, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def judge_task(self: Task, paths: object) -> int:
        parsed = [path for path in paths if isinstance(path, str) and path] if isinstance(paths, list) else []
        with _retried(self):
            given = tools.writer.look(parsed)
        logger.info("looked at %d files: %d verdicts given", len(parsed), given)
        return given

    # Acknowledged early: beat repeats it, so a run that took its worker down must not come back at once.
    @app.task(name=names.TASK_RECLUSTER, bind=True, acks_late=False, ignore_result=False, max_retries=None)  # type: ignore[untyped-decorator,unused-ignore]
    def recluster_task(self: Task, force: object = False) -> dict[str, Any]:
        from worker.pipeline.recluster import recluster

        with _retried(self):
            outcome: dict[str, Any] = recluster(tools.reclustering, force=force is True)
            logger.log(logging.WARNING if outcome.get("report_error") else logging.INFO, "%s", outcome["message"])
            unjudged = outcome.pop("unjudged", [])
            for start in range(0, len(unjudged), PATHS_AT_ONCE):
                request_verdicts(app, unjudged[start : start + PATHS_AT_ONCE])
        return outcome


def parse_references(message: object) -> tuple[list[Reference], list[str]]:
    """The references of a message that parse, and why the others were refused (pure)."""
    if not isinstance(message, list):
        return [], [f"a message held {str(message)[:120]!r} where a list of references belongs; it was refused"]
    parsed: dict[Reference, None] = {}
    refused = []
    for value in message:
        try:
            parsed[Reference.from_wire(value)] = None
        except RefusedReference as error:
            refused.append(str(error))
    return list(parsed), refused


@contextmanager
def _retried(task: Task) -> Iterator[None]:
    """Turn a transient error into a later try of the task, with a growing pause."""
    try:
        yield
    except TransientError as error:
        pause = min(LONGEST_PAUSE, 2 ** min(task.request.retries, 6))
        logger.warning("%s; trying again in %d s", error, pause)
        raise task.retry(exc=error, countdown=pause) from error
