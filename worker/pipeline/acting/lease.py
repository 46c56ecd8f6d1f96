"""A lease on an open file: proof that no program has it open for writing, and word when one opens it (fcntl(2)).

Who opens it for writing waits until the lease is given up, at most /proc/sys/fs/lease-break-time.
"""

import errno
import fcntl
import signal
from enum import Enum
from typing import Final

from shared.filesystems import filesystem_of

_SET_SIGNAL: Final = 10  # F_SETSIG of <fcntl.h>, which Python has no name for
# A lease is the server's to give there, and one that it does not give says nothing of writers.
_REMOTE: Final = ("nfs", "cifs", "smb", "fuse", "ceph", "9p", "afs", "gfs2", "ocfs2", "lustre")


class Lease(Enum):
    """What came of asking for one."""

    HELD = "held"
    REFUSED = "refused"  # the system gives none, as for the files of others
    WRITTEN = "written"  # somebody has the file open for writing


def take_lease(descriptor: int) -> Lease:
    """Take a read lease on a file that is open for reading. It ends with the descriptor."""
    try:
        # In place of SIGIO, which would end this process; SIGURG does nothing by itself.
        fcntl.fcntl(descriptor, _SET_SIGNAL, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN and not filesystem_of(descriptor).startswith(_REMOTE):
            return Lease.WRITTEN
        return Lease.REFUSED
    return Lease.HELD


def holds_lease(descriptor: int) -> bool:
    """Whether nobody has opened the file for writing, or tried to, since the lease was taken."""
    return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK
