"""What the watcher counts."""

from typing import Final

from shared.metrics import Metric

SEEN: Final = Metric(
    "imagesieve_watcher_files_seen_total",
    "counter",
    "looks at files, after an event or in a scan",
    "how",
    ("event", "scan"),
)
SETTLED: Final = Metric("imagesieve_watcher_files_settled_total", "counter", "new or changed files that came to rest")
SETTLING: Final = Metric(
    "imagesieve_watcher_files_settling", "gauge", "files that are waited for: they changed a moment ago"
)
ENQUEUED: Final = Metric("imagesieve_watcher_files_enqueued_total", "counter", "files sent to the feature workers")
BATCHES: Final = Metric("imagesieve_watcher_batches_total", "counter", "messages they were sent in")
IGNORED: Final = Metric(
    "imagesieve_watcher_files_ignored_total",
    "counter",
    "events of files that are passed over: no pictures by their suffix, hidden or unfinished ones, or excluded ones",
    "reason",
    ("suffix", "name", "excluded"),
)
FORGOTTEN: Final = Metric("imagesieve_watcher_files_forgotten_total", "counter", "files that left the collection")
REPAIRED: Final = Metric(
    "imagesieve_watcher_files_repaired_total",
    "counter",
    "files found new or changed by a scan (`scan`; the first one finds all there is), or sent again because their "
    "message was lost (`lost`)",
    "how",
    ("scan", "lost"),
)
SCANS: Final = Metric("imagesieve_watcher_scans_total", "counter", "complete scans of the watched folder")
SCAN_SECONDS: Final = Metric("imagesieve_watcher_scan_seconds", "gauge", "how long the last complete scan took")
SCANNED: Final = Metric(
    "imagesieve_watcher_last_scan_timestamp_seconds", "gauge", "when the last complete scan ended, since the epoch"
)
REDIS_FAILURES: Final = Metric(
    "imagesieve_watcher_redis_failures_total", "counter", "times Redis (store or broker) went away and was waited for"
)
FOLDER_FAILURES: Final = Metric(
    "imagesieve_watcher_folder_failures_total", "counter", "scans that ended early because the watched folder was away"
)
METRICS: Final = (
    SEEN, SETTLED, SETTLING, ENQUEUED, BATCHES, IGNORED, FORGOTTEN, REPAIRED, SCANS, SCAN_SECONDS, SCANNED,
    REDIS_FAILURES, FOLDER_FAILURES,
)  # fmt: skip
