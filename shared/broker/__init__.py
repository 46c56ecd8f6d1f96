"""The broker, over which the processes send each other work, and beat, which sends by the clock."""

from shared.broker.broker import (
    UNACKNOWLEDGED,
    Outstanding,
    ask_for_recluster,
    claim,
    make_app,
    outstanding,
    pass_on_proposals,
    ping,
    request_proposals,
    request_recluster,
    request_verdicts,
    send_references,
    wake_feature_worker,
    wake_writer,
    workers,
)
from shared.broker.lanes import Lane

__all__ = [
    "UNACKNOWLEDGED",
    "Lane",
    "Outstanding",
    "ask_for_recluster",
    "claim",
    "make_app",
    "outstanding",
    "pass_on_proposals",
    "ping",
    "request_proposals",
    "request_recluster",
    "request_verdicts",
    "send_references",
    "wake_feature_worker",
    "wake_writer",
    "workers",
]
