"""Why a file gives no picture, as a value: what a failure is counted by, and what decides when it is tried again."""

from enum import StrEnum


class FailureKind(StrEnum):
    """The kind of a failure; its reason says the same of this one file, in words."""

    NOT_READABLE = "not readable"  # the system, or a rule of ours, does not let it be read
    GONE = "gone"
    SUFFIX = "suffix"  # of versions that put on record what is passed over now
    EMPTY = "empty"
    NO_IMAGE = "no image"
    TOO_LARGE = "too large"
    DECODER = "decoder"  # it takes too long, or ends whoever decodes it
    DAMAGED = "damaged"
    UNSUPPORTED = "unsupported"
    OTHER = "other"

    @property
    def is_of_picture(self) -> bool:
        """Whether it is one of the bytes as a picture: a file that is compared by its bytes alone never fails so."""
        return self in (self.NO_IMAGE, self.TOO_LARGE, self.DECODER, self.DAMAGED, self.UNSUPPORTED)
