"""Thresholds for one collection, from edited copies of its own pictures."""
