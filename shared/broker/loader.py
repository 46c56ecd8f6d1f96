"""How Celery finds modules of ours: where Python finds them, and not first in the working directory."""

from typing import Any

from celery.loaders.app import AppLoader


class Loader(AppLoader):  # type: ignore[misc]
    """Celery's own; a user's folder or file of the same name in the working directory is nothing to it.

    A class, not its name: a spawned child would look for the name in the working directory.
    """

    def import_from_cwd(self, module: str, imp: Any = None, package: str | None = None) -> Any:
        """Import a module by its name."""
        return (imp or self.import_module)(module, package=package)
