"""Settings of a command that looks at a collection: what they leave open, the collection says."""

from pathlib import Path

from shared.errors import ImagesieveError, SettingsError
from shared.records import Extractor
from shared.reports import latest_report
from shared.settings import Settings, load_settings
from shared.store import RedisStore


def settings_of_collection() -> Settings:
    """The settings, with the weights and the watched folder of the collection that they lead to where not set.

    Raises Unavailable, and SettingsError where the weights have to be named.
    """
    folder = watched_folder(load_settings(prefer_folders="", protect_folders=""))  # those are below it
    settings = load_settings(watch_dir=folder) if folder else load_settings()
    return take_weights(settings, RedisStore.connect(settings.store).extractor())


def watched_folder(settings: Settings) -> Path | None:
    """The one that is set, else the newest report's; None where neither says."""
    if "watch_dir" in settings.model_fields_set:
        return settings.watch_dir
    try:
        return Path(latest_report(settings).summary()["folder"])
    except (ImagesieveError, OSError, ValueError, KeyError):
        return None  # no report yet, or one of another version


def take_weights(settings: Settings, extractor: Extractor | None) -> Settings:
    """The settings with the weights that described the collection, where they leave it open. `up` takes `auto` then.

    Raises SettingsError where those are a file, whose place the collection does not know.
    """
    if "weights" in settings.model_fields_set and settings.weights != "auto":
        return settings
    if extractor and extractor.weights == "file":
        raise SettingsError(
            f"the collection was described by {extractor.label}; name the path of that file in IMAGESIEVE_WEIGHTS "
            "for this command"
        )
    return settings.model_copy(update={"weights": extractor.weights if extractor else "auto"})
