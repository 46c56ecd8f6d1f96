"""Flower's configuration: it runs this file, and takes from it what has the name of one of its options."""

import ast
from typing import Any

from shared import names
from shared.broker.wording import describe_result, describe_run


def format_task(task: Any) -> Any:
    """A task as Flower's pages show it; `task` is a copy."""
    if task.name == names.TASK_RECLUSTER:
        try:
            task.args = describe_run(ast.literal_eval(task.kwargs or "{}"))
        except (TypeError, ValueError, SyntaxError, AttributeError):
            return task
    task.result = describe_result(task.name, task.result) if task.result else task.result
    return task
