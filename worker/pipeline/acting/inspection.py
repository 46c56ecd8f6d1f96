"""The last look before a file is touched: keeper and duplicate are what the report says, and stay so."""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from shared.acting.runs import Action, Step
from shared.errors import LeftAlone, RefusedReference, UnreadableImage
from shared.permission import why_not
from shared.records import Kind
from worker.pipeline.acting.contents import digest_of, read_attributes
from worker.pipeline.acting.disk import Model
from worker.pipeline.acting.lease import Lease, holds_lease, take_lease
from worker.pipeline.acting.place import Place, identity, is_same_file, is_seen_twice, renamed_identity
from worker.pipeline.local_folder import folder_beneath

if TYPE_CHECKING:  # OpenCV is loaded when two pictures are first compared
    from worker.engine.proof.sameness import Proof

Prove = Callable[[bytes, bytes], "Proof"]  # keeper, duplicate -> whether the keeper holds all of the duplicate


WRITTEN: Final = "another program has it, or its keeper, open for writing"
CHANGED: Final = "it, or its keeper, was changed while it was looked at"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An open file, with the state and the bytes that it had when it was looked at. lease: whether one is held."""

    place: Place
    descriptor: int
    status: os.stat_result
    digest: str
    lease: bool = False

    def check(self) -> None:
        """Raise LeftAlone where its path leads to another file by now, or it was changed, or is about to be."""
        for now in (self.place.status(), os.fstat(self.descriptor)):
            if identity(now) != identity(self.status):
                raise LeftAlone(CHANGED)
        self.check_lease()

    def seen_anew(self) -> "HeldFile":
        """The same file, read once more: a name of it was made or changed, and its ctime with it. Raises LeftAlone."""
        status = os.fstat(self.descriptor)
        if renamed_identity(status) != renamed_identity(self.status) or digest_of(self.descriptor) != self.digest:
            raise LeftAlone(CHANGED)
        return replace(self, status=status)

    def check_lease(self) -> None:
        """Raise LeftAlone where another program waits to write into it: it is let go at once."""
        if self.lease and not holds_lease(self.descriptor):
            raise LeftAlone(WRITTEN)

    def read(self) -> bytes:
        """All its bytes."""
        return os.pread(self.descriptor, self.status.st_size, 0)


@contextmanager
def placed(root: Path, path: str) -> Iterator[Place]:
    """The place of a file below the watched folder, reached through no link. Raises LeftAlone, Unavailable."""
    try:
        with folder_beneath(root, path) as folder:
            yield Place(folder, PurePosixPath(path).name)
    except (RefusedReference, UnreadableImage) as error:
        raise LeftAlone(str(error)) from error


@contextmanager
def held(root: Path, path: str, digest: str, name: str) -> Iterator[HeldFile]:
    """The regular file at `path` with these bytes, any where there is no digest, open. name: `it`, say, for people.

    Raises LeftAlone where there is no such file any more, or somebody has it open for writing, and Unavailable where
    the watched folder is away.
    """
    with placed(root, path) as place:
        descriptor = _open(place, name)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise LeftAlone(f"{name} is no regular file any more")
            lease = take_lease(descriptor)
            if lease is Lease.WRITTEN:
                raise LeftAlone(WRITTEN)
            file = HeldFile(place, descriptor, status, digest_of(descriptor), lease is Lease.HELD)
            file.check()
            if digest and file.digest != digest:
                raise LeftAlone(f"{name} has changed since the report was made")
            yield file
        finally:
            os.close(descriptor)


def _open(place: Place, name: str) -> int:
    try:
        return place.open()
    except FileNotFoundError as error:
        raise LeftAlone(f"{name} is gone") from error
    except OSError as error:
        reason = "is a link now, which is never followed" if _is_link(place) else f"cannot be opened: {why_not(error)}"
        raise LeftAlone(f"{name} {reason}") from error


def _is_link(place: Place) -> bool:
    status = place.status()
    return status is not None and stat.S_ISLNK(status.st_mode)


def inspect(
    keeper: HeldFile, duplicate: HeldFile, kind: Kind, action: Action, compare: Prove, named: Collection[Kind] = ()
) -> tuple[str, ...]:
    """What would be lost with `duplicate`, in words; nothing of an exact one.

    named: kinds that were asked for by name. Raises LeftAlone where this action must not, or cannot, be done to it.
    """
    if is_same_file(keeper.status, duplicate.status):
        raise LeftAlone("it and its keeper are one file already (hard links of each other)")
    if is_seen_twice(keeper.status, duplicate.status):
        raise LeftAlone("it and its keeper are one file, which two mounts show")
    if kind.is_sure and keeper.digest != duplicate.digest:
        raise LeftAlone("its bytes are not those of its keeper")
    if os.fstatvfs(duplicate.place.folder).f_flag & os.ST_RDONLY:
        raise LeftAlone("it lies on a file system that is mounted read-only")
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=duplicate.place.folder):
        refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        raise LeftAlone(f"its folder may not be written: {why_not(refused)}")
    if action is Action.HARDLINK and keeper.status.st_dev != duplicate.status.st_dev:
        raise LeftAlone("its keeper lies on another file system, and a hard link reaches none")
    if kind.is_sure:
        return ()
    return _check_proof(_compare_pictures(keeper, duplicate, compare), kind, named)


def _check_proof(proof: "Proof", kind: Kind, named: Collection[Kind]) -> tuple[str, ...]:
    """What would be lost. Raises LeftAlone where that is more than this kind, named or not, gives up."""
    if kind.is_acted_on and proof.against:
        raise LeftAlone(proof.against)
    if proof.more:
        raise LeftAlone(f"it holds more than its keeper: {', '.join(proof.more)}")
    if kind not in named and proof.lost:
        raise LeftAlone(f"not in its keeper: {', '.join(proof.lost)}; --kind {kind} takes it all the same")
    return proof.lost


def _compare_pictures(keeper: HeldFile, duplicate: HeldFile, compare: Prove) -> "Proof":
    try:
        proof = compare(keeper.read(), duplicate.read())
    except UnreadableImage as error:
        raise LeftAlone(f"it and its keeper could not be compared in full: {error}") from error
    keeper.check()
    duplicate.check()
    return proof


@dataclass(frozen=True, slots=True)
class Going:
    """A file that is to go, and the one that stays for it, both open. kind: why it goes, for the journal.

    of_keeper: the path of the one that stays.
    """

    path: str
    kind: str
    file: HeldFile
    of_keeper: str
    keeper: HeldFile


def record(number: int, going: Going, place: str, root: Path, unit: int = 0) -> Step:
    """The step that the journal gets: all that it takes to bring the file back."""
    status = going.file.status
    return Step(
        number, going.path, going.kind, going.file.digest, status.st_size, status.st_mode, status.st_uid,
        status.st_gid, status.st_atime_ns, status.st_mtime_ns, status.st_dev, status.st_ino, going.of_keeper,
        going.keeper.digest, place, read_attributes(going.file.descriptor), tuple(_folders(root, going.path)),
        status.st_nlink, going.keeper.status.st_ino, unit,
    )  # fmt: skip


def _folders(root: Path, path: str) -> Iterator[Model]:
    """Mode, owner and group of the folders that lead to a file, the outermost first."""
    for folder in reversed(PurePosixPath(path).parents[:-1]):
        status = (root / folder).lstat()
        yield status.st_mode, status.st_uid, status.st_gid
