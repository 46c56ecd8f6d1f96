"""The option that every benchmark has: the smallest sizes that still go through all of its code."""

from typing import Annotated

import typer

Quick = Annotated[bool, typer.Option("--quick", help="the smallest sizes, most with a stub: only to see that it runs")]
