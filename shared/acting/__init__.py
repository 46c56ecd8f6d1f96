"""Duplicates as reports and journals name them, for code that only reads these."""
