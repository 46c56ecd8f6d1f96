"""Settings of a command that looks at a collection: what they leave open, the collection says."""

from pathlib import Path

from shared.chosen_weights import remembered_weights
from shared.errors import ImagesieveError, SettingsError
from shared.records import Extractor
from shared.reports import latest_report
from shared.settings import PREFIX, Settings, load_settings
from shared.state_folder import watched_by
from shared.store import RedisStore


def settings_of_collection() -> Settings:
    """The settings; where they leave weights, watched folder or what is near open, those of the collection.

    Raises Unavailable, and SettingsError where the weights have to be named.
    """
    settings = _without_rules()
    folder = watched_folder(settings)
    settings = load_settings(watch_dir=folder, state_dir=settings.state_dir) if folder else load_settings()
    return take_weights(take_near(settings), RedisStore.connect(settings.store).extractor())


def settings_of_report() -> Settings:
    """The settings, with the watched folder of the newest report where they leave it open.

    Raises PermanentError where there is no report, SettingsError where it does not say its folder.
    """
    settings = _without_rules()
    folder = watched_folder(settings)
    if folder is None:
        raise SettingsError(
            f"the report in {latest_report(settings).folder} is damaged or of an earlier version and does not say "
            f"which folder it is of: name it in {PREFIX}WATCH_DIR, or make a new report with "
            "`imagesieve recluster --force --wait`"
        )
    return load_settings(watch_dir=folder, state_dir=settings.state_dir)


def _without_rules() -> Settings:
    """Folders of rules may be given from the root of the disk, and make sense only below the watched one."""
    return load_settings(prefer_folders="", protect_folders="")


def watched_folder(settings: Settings) -> Path | None:
    """The one that is set, else the newest report's, else the state folder's; None where none says."""
    if "watch_dir" in settings.model_fields_set:
        return settings.watch_dir
    try:
        folder = latest_report(settings).summary()["folder"]
    except (ImagesieveError, OSError, LookupError):
        folder = None  # no report yet, or one that is damaged or of another version
    return Path(folder) if folder and isinstance(folder, str) else _kept(settings)


def _kept(settings: Settings) -> Path | None:
    try:
        return watched_by(settings.state_dir)
    except OSError:
        return None


def take_near(settings: Settings) -> Settings:
    """The settings with what is near as the newest report has it, where they leave it open."""
    if "near" in settings.model_fields_set:
        return settings
    try:
        near = latest_report(settings).summary()["thresholds"]["near"]
    except (ImagesieveError, OSError, LookupError, TypeError):
        return settings  # no report yet, or one that is damaged or of another version
    return settings.model_copy(update={"near": near}) if near in ("usual", "strict") else settings


def take_weights(settings: Settings, extractor: Extractor | None) -> Settings:
    """The settings with the weights that described the collection, where they leave it open. `up` takes `auto` then.

    Raises SettingsError where those are a file that `imagesieve weights` was not given: the collection does not know
    its place.
    """
    if "weights" in settings.model_fields_set and settings.weights != "auto":
        return settings
    remembered = remembered_weights(settings.state_dir)
    if extractor is None:
        return settings.model_copy(update={"weights": remembered or "auto"})
    if extractor.weights != "file":
        return settings.model_copy(update={"weights": extractor.weights})
    if not remembered:
        raise SettingsError(
            f"the collection was described by {extractor.label}; name that file to `imagesieve weights`, or in "
            "IMAGESIEVE_WEIGHTS for this command"
        )
    return settings.model_copy(update={"weights": remembered})
