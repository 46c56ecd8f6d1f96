"""The error tree of imagesieve. An error is of one of two kinds, and the kind decides what happens next.

::

    ImagesieveError
    ├── PermanentError           recorded with its reason; not retried until the thing itself changes
    │   ├── UnreadableImage      this file: empty, no image, truncated, too large, not permitted, gone
    │   ├── RefusedReference     this message: malformed, or it names a path outside the watched folder
    │   ├── DecoderStuck         these files keep a decoder too long; in worker.pipeline.extracting.guard
    │   ├── CorruptValue         this value in the store: wrong length, version or checksum; computed anew
    │   ├── SettingsError        a setting or argument is wrong: one sentence, exit status 2
    │   ├── WeightsError         the weights cannot be had or do not fit the network
    │   ├── LeftAlone            this file must not be acted on: it changed, is protected, its keeper is gone
    │   ├── JournalFailed        the journal of actions cannot be written or read; nothing is acted on without it
    │   ├── StateInUse           another imagesieve runs on this state folder
    │   └── StackFailed          a process of the stack could not be kept running
    └── TransientError           waited for, retried with a growing pause
        ├── Unavailable          Redis (store or broker), the watched folder or a worker is away for now
        ├── DamagedImages        what is stored of these pictures is damaged; their files are sent again
        ├── FileChanging         the file changed while it was read; its next settled state is a new reference
        ├── ActionsBusy          another apply or restore is under way on this state folder
        └── LeaseTaken           somebody else holds the lease

Every message names the thing, the cause and the way out: it is what a user reads.
"""

from collections.abc import Collection

from shared.failures import FailureKind
from shared.wording import number_of


class ImagesieveError(Exception):
    """Base of everything imagesieve raises on purpose."""


class PermanentError(ImagesieveError):
    """Trying again without a change gives the same result."""


class UnreadableImage(PermanentError):
    """A file that yields no picture. The message is the reason shown in failures.csv; kind: what it is counted by."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class RefusedReference(PermanentError):
    """A message that must not be acted on."""


class CorruptValue(PermanentError):
    """A stored value that fails its checks; it is dropped and computed again."""


class SettingsError(PermanentError):
    """A setting or an argument has a value that cannot be used."""


class WeightsError(PermanentError):
    """The weights named by IMAGESIEVE_WEIGHTS cannot be loaded."""


class LeftAlone(PermanentError):
    """A file that is not acted on. The message is the reason, which the user reads beside its path."""


class JournalFailed(PermanentError):
    """The journal of actions cannot be written, or does not say what it should."""


class StateInUse(PermanentError):
    """The state folder belongs to a running imagesieve."""


class StackFailed(PermanentError):
    """A process of the stack ended and will not come back by itself."""


class TransientError(ImagesieveError):
    """Trying again later may succeed."""


class Unavailable(TransientError):
    """Something that is needed is away for now. Its text is one sentence made of its parts.

    who: what is away, such as `Redis (store)`. why: the reason, in words that follow `who`. remedy: the way out, ""
    where one can only wait.
    """

    def __init__(self, who: str, why: str, remedy: str = "") -> None:
        super().__init__(who, why, remedy)  # Celery builds the error anew from these for whoever waits for the outcome
        self.who = who
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.who} {self.why}" + (f"; {self.remedy}" if self.remedy else "")


class DamagedImages(TransientError):
    """Features, sketch or facts of pictures fail their checks, or are gone; they have to be described anew.

    digests: of those pictures; `worker.pipeline.renewal` has their files sent again.
    """

    def __init__(self, digests: Collection[str]) -> None:
        super().__init__(
            f"what is stored of {number_of(len(digests), 'image')} is damaged; the files are read and described anew"
        )
        self.digests = frozenset(digests)


class FileChanging(TransientError):
    """The file's size or mtime changed while it was read."""


class ActionsBusy(TransientError):
    """Another process acts on duplicates, or restores them."""


class LeaseTaken(TransientError):
    """The lease is held by another process."""
