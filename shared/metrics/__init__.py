"""What is counted for Prometheus, the port by which it is counted, and how it is served."""

from shared.metrics.port import UNMETERED, Meter, Metric, Unmetered

__all__ = ["UNMETERED", "Meter", "Metric", "Unmetered"]
