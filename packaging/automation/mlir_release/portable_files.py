"""What has to be done otherwise with files on Windows, so that nobody else has to know."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from mlir_release.errors import UserError

# Compilers on Windows take no path over 259 characters, and CMake keeps those of objects below 250. The
# longest that a build of LLVM 22 and the bindings makes below the store has 190 of them.
LONGEST_ROOT = 60
# How often, and how many seconds apart, a folder is moved that a virus scanner may be reading.
_MOVES = 20
_PAUSE = 0.5


def ensure_short(root: Path) -> None:
    """See that paths in a folder that builds go to do not get too long for Windows; elsewhere they cannot.

    Raises:
        UserError: they do.
    """
    length = len(str(root.absolute()))
    if sys.platform == "win32" and length > LONGEST_ROOT:
        raise UserError(
            f"{root} has {length} characters, and builds on Windows need a folder of at most"
            f" {LONGEST_ROOT}, for the paths in it get too long: name another, as in --cache C:\\mlir"
        )


def link(place: Path, target: Path) -> None:
    """Make ``place`` a symbolic link; on Windows, where few may make one, a copy.

    Args:
        place: where nothing is yet.
        target: an existing file or folder, absolute or seen from the folder of ``place``.
    """
    if sys.platform != "win32":
        place.symlink_to(target)
        return
    source = place.parent / target
    if source.is_dir():
        shutil.copytree(source, place)
    else:
        shutil.copy2(source, place)


def make_deletable(folder: Path) -> None:
    """Let Windows delete what is in a folder: it refuses for files that may not be written, as git's."""
    for parent, _, names in os.walk(folder) if sys.platform == "win32" else ():
        for name in names:
            Path(parent, name).chmod(0o600)


def move(folder: Path, place: Path) -> None:
    """Give a folder another name; on Windows, as soon as nobody has one of its files open.

    Raises:
        OSError: it cannot be.
    """
    for _ in range(_MOVES if sys.platform == "win32" else 0):
        with suppress(PermissionError):
            folder.rename(place)
            return
        time.sleep(_PAUSE)
    folder.rename(place)
