"""A stream of pictures while everything that can die is killed. `python -m tests.chaos`, or `make chaos`."""
