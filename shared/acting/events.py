"""What `worker.commands.act` tells the command line, a line of JSON each: `{"event": ..., ...}`."""

from enum import StrEnum


class ActingEvent(StrEnum):
    """What happened. `duplicates apply --json` and `restore --json` show the words to programs, so they stay."""

    WOULD = "would"  # a dry run would act on this file
    ACTED = "acted"
    SKIPPED = "skipped"  # left alone, with the reason
    NOT_ASKED_FOR = "not asked for"  # duplicates of kinds that were not named
    CUT_OFF = "cut off"  # a run has a step in hand, and a dry run leaves it so
    SETTLED = "settled"  # such a step was put in order
    IN_HAND = "in hand"  # such steps could not be put in order
    RESTORED = "restored"
    LEFT = "left"  # not restored, with the reason
    STILL_AWAY = "still away"  # what a run has not given back
    WARNING = "warning"
    END = "end"
