"""Which weights a command needs that looks at a collection (pure)."""

from shared.errors import SettingsError
from shared.records import Extractor
from shared.settings import Settings


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
