"""Real mounts for a test, in a namespace of their own that ends with it."""

import ctypes
import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

_NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS


def in_own_mounts(body: Callable[[], None]) -> None:
    """Run `body` in a child process whose mounts nobody else sees. Skips where this user may make none."""
    if os.getuid() != 0:
        pytest.skip("only root may mount")
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: this child is short
        child = os.fork()
    if child == 0:
        code = 1
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMESPACE) != 0:
                code = 77
            else:
                subprocess.run(["mount", "--make-rprivate", "/"], check=True)
                body()
                code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 77:
        pytest.skip("this machine lets nobody make a mount namespace")
    assert code == 0, "the child failed, see above"


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def bind(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    mount("--bind", source, target)


def overlay(lower: Path, target: Path, base: Path) -> None:
    """`lower` seen at `target`, with what is changed there kept in `base`."""
    for folder in (target, base / "upper", base / "work"):
        folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={base}/upper,workdir={base}/work", target)


def memory(target: Path, size: str = "1m") -> None:
    target.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", target)
