"""Benchmarks: commands that print ratios measured in one run. Never timed tests."""
