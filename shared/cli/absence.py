"""What a person is told when Redis does not answer."""

from typing import Final

from shared.settings import Settings

_NOBODY: Final = ("No such file or directory", "Connection refused")  # in the words of the system


def explain_absence(said: str, settings: Settings) -> str:
    """`said` by an Unavailable; the way out instead, where it is that the embedded Redis does not run (pure)."""
    which, mark, why = said.partition(" does not answer: ")
    if mark and f"{settings.redis_socket}." in why and any(words in why for words in _NOBODY):
        return (
            f"{which}{mark}nothing runs with the state folder {settings.state_dir}; "
            'start "imagesieve up FOLDER", or check IMAGESIEVE_STATE_DIR'
        )
    return said
