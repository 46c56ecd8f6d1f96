"""Fuzzing of what decodes untrusted files: mutated real files, in a process of their own with limits."""
