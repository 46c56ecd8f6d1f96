"""The workers' parts in checks: pictures that somebody asks about, looked at between batches and between files."""

import os
import socket
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from shared import names
from shared.broker import make_app, wake_writer
from shared.records.checks import Stage, Unanswered
from shared.settings import Settings
from shared.store import RedisStore
from shared.store.redis_checks import RedisChecks
from worker.network.loading import LoadingNetwork

if TYPE_CHECKING:
    from worker.pipeline.checks import Serving
    from worker.pipeline.judging.appraisal import Appraiser


class CheckServices:
    """Builds them when they are first used."""

    def __init__(
        self, settings: Settings, store: Callable[[], RedisStore], renew: Callable[[Collection[str]], None]
    ) -> None:
        """store: it is not asked for before it is needed. renew: has the files of these pictures sent again."""
        self._settings = settings
        self._store = store
        self._renew = renew

    @cached_property
    def _checks(self) -> RedisChecks:
        return RedisChecks.connect(self._settings.store)

    def describing(self, extractor: str, network: LoadingNetwork) -> "Serving":
        """The feature worker's part of checks."""
        from worker.pipeline.checks import Serving, crashed
        from worker.pipeline.extracting.describing import CHECK_DECODE_SECONDS, Describing
        from worker.pipeline.extracting.guard import Clocks, DecoderStuck, Guard

        settings, app = self._settings, make_app(self._settings)
        describing = Describing(
            checks=self._checks,
            network=network,
            extractor=extractor,
            executor=ThreadPoolExecutor(os.cpu_count() or 1, "check"),
            guard=Guard(settings.max_pixels, min(settings.decode_seconds, CHECK_DECODE_SECONDS), Clocks()),
            max_pixels=settings.max_pixels,
            max_bytes=settings.max_bytes,
            known=lambda digests: self._store().features(extractor, digests),
            tell=lambda: wake_writer(app),
        )
        return Serving(
            self._checks, Stage.DESCRIBE, "the feature worker", _node(names.QUEUE_FEATURES), describing.serve,
            lambda question: crashed(question.name, time.time()), ends=(DecoderStuck,),
        )  # fmt: skip

    def comparing(self, appraiser: "Appraiser") -> "Serving":
        """The verdict writer's part of checks."""
        from worker.pipeline.checks import Serving
        from worker.pipeline.judging.appraisal import answer_all

        died = Unanswered("the verdict writer", "died while it compared the picture", "its log says more; ask again")
        return Serving(
            self._checks, Stage.COMPARE, "the verdict writer", _node(names.QUEUE_VERDICTS),
            lambda asked: answer_all(asked, appraiser, self._checks), lambda _: died, renew=self._renew,
        )  # fmt: skip


def _node(queue: str) -> str:
    """This worker, as `imagesieve status` names it where it is started as `imagesieve work` starts it."""
    return f"{queue}@{socket.gethostname()}"
