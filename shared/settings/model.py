"""The settings as one frozen object, and what follows from them."""

from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from shared.admission import Admission
from shared.errors import SettingsError
from shared.folders import check_target, missing_folders
from shared.quiet_hours import QuietHours
from shared.settings.faults import HANDED_ON, PREFIX
from shared.settings.fields import Fields
from shared.settings.text import as_written
from shared.state_folder import OWN_PREFIX


class Settings(Fields):
    """The settings, and what follows from them. `load_settings` makes it."""

    @cached_property
    def redis_socket(self) -> Path:
        """Unix socket of the embedded Redis."""
        return self.state_dir / "redis" / "redis.sock"

    @property
    def resting_hours(self) -> QuietHours:
        """When the backlog rests."""
        return QuietHours.parse(self.quiet_hours)

    @cached_property
    def admission(self) -> Admission:
        """Which files of the watched folder are read."""
        return Admission(self.suffixes, self.exclude, self.exact_only)

    @property
    def embedded_redis(self) -> bool:
        """Whether any of the two Redis URLs is left to the embedded server."""
        return not (self.broker_url and self.store_url)

    @property
    def broker(self) -> str:
        """Broker URL in Celery's spelling. Database 0: Flower reads no other on a Unix socket."""
        return self.broker_url or f"redis+socket://{quote(str(self.redis_socket))}?virtual_host=0"

    @property
    def store(self) -> str:
        """Store URL in redis-py's spelling."""
        return self.store_url or f"unix://{quote(str(self.redis_socket))}?db=1"

    def folder_warnings(self) -> list[str]:
        """A sentence for each folder of the rules that is not there: it decides nothing."""
        return [
            missing
            for name in ("protect_folders", "prefer_folders")
            for missing in missing_folders(self.watch_dir, PREFIX + name.upper(), getattr(self, name))
        ]

    def check_protected(self) -> None:
        """Raise SettingsError where a folder that is to be protected is not there: nothing may be acted on then."""
        missing = next(missing_folders(self.watch_dir, f"{PREFIX}PROTECT_FOLDERS", self.protect_folders), "")
        if missing:
            raise SettingsError(f"{missing}. Nothing is acted on until it is right")

    def check_policy(self) -> None:
        """Raise SettingsError where duplicates are to be moved and cannot be."""
        if self.on_duplicate == "move":
            check_target(self.watch_dir, self.move_to)

    @property
    def actions_dir(self) -> Path:
        """Folder with a journal per run of `duplicates apply`."""
        return self.state_dir / "actions"

    @property
    def decisions_folder(self) -> Path:
        """Folder of the journal of decisions: what cannot be computed again."""
        return Path(self.decisions_dir) if self.decisions_dir else self.state_dir / "decisions"

    @property
    def index_folder(self) -> Path:
        """Folder of the saved index of the verdicts. Its default name is one that any folder may have in it."""
        return Path(self.index_dir) if self.index_dir else self.state_dir / f"{OWN_PREFIX}index"

    @property
    def previews_folder(self) -> Path:
        """Folder of the previews that the page in the browser keeps."""
        return Path(self.previews_dir) if self.previews_dir else self.state_dir / "previews"

    @property
    def reports_dir(self) -> Path:
        """Folder with a folder per generation, and `latest`."""
        return self.state_dir / "reports"

    def environment(self) -> dict[str, str]:
        """All settings as environment variables, for processes started by this one: they read no file."""
        names = type(self).model_fields
        return {PREFIX + name.upper(): as_written(name, getattr(self, name)) for name in names} | {HANDED_ON: "1"}
