"""`python -m shared.broker celery -A MODULE ...`: Celery's own command line, which finds our app and no stranger's.

Celery looks for an app in the working directory first, where a user's folder or file may be called `worker` or
`shared`. So the app is imported here, before Celery looks for it.
"""

import sys
from collections.abc import Sequence
from importlib import import_module


def main(words: Sequence[str]) -> None:
    """words: a command line of Celery, from the word `celery` on. Does not return."""
    import_module(words[words.index("-A") + 1])
    sys.argv = list(words)
    from celery.__main__ import main as run_celery

    run_celery()


if __name__ == "__main__":
    main(sys.argv[1:])
