"""Names that more than one process must spell alike: tasks, queues, leases."""

from typing import Final

TASK_EXTRACT: Final = "imagesieve.extract"
TASK_RECLUSTER: Final = "imagesieve.recluster"
TASK_PROPOSE: Final = "imagesieve.propose"
TASK_JUDGE: Final = "imagesieve.judge"

QUEUE_FEATURES: Final = "features"
QUEUE_PROPOSALS: Final = "proposals"
QUEUE_RECLUSTER: Final = "recluster"
QUEUE_VERDICTS: Final = "verdicts"
QUEUES: Final = (QUEUE_FEATURES, QUEUE_PROPOSALS, QUEUE_RECLUSTER, QUEUE_VERDICTS)

WEIGHTS_FOUND: Final = "IMAGESIEVE_WEIGHTS_FOUND"  # environment of a feature worker: what IMAGESIEVE_WEIGHTS came to

LEASE_VERDICTS: Final = "verdicts"  # held by the one worker that gives verdicts
LEASE_BACKLOG: Final = "backlog"  # held by the one watcher that sends the backlog
LEASE_RECLUSTER: Final = "recluster"  # held by a recluster run
LEASES: Final = (LEASE_VERDICTS, LEASE_BACKLOG, LEASE_RECLUSTER)
