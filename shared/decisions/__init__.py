"""What users said of their pictures: the only data that cannot be computed again from the folder."""

from shared.decisions.decided import UNDECIDED, Chosen, Decided, decide
from shared.decisions.decision import Decision, DecisionKind, Subject, Undoing, parse_line
from shared.decisions.journal import DecisionJournal

__all__ = [
    "UNDECIDED", "Chosen", "Decided", "Decision", "DecisionJournal", "DecisionKind", "Subject", "Undoing", "decide",
    "parse_line",
]  # fmt: skip
