"""Every setting: from the command line, the environment and two files into one frozen object."""

from shared.settings.faults import PREFIX, unknown_settings
from shared.settings.loading import Loaded, load_settings, load_with_origins
from shared.settings.model import Settings
from shared.settings.text import in_words

__all__ = ["PREFIX", "Loaded", "Settings", "in_words", "load_settings", "load_with_origins", "unknown_settings"]
