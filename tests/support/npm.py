"""Packages of npm's, as files: nothing of them is installed or run."""

from __future__ import annotations

import io
import tarfile
from typing import IO, TYPE_CHECKING

import machine
from mlir_release.run import run

if TYPE_CHECKING:
    from pathlib import Path


def fetch(package: str, folder: Path) -> Path:
    """The archive of a package (``@octokit/openapi@23.0.2``) in an empty folder.

    npm brings it.
    """
    run([machine.program("npm", folder), "pack", "--silent", package], cwd=folder, quiet=True)
    (archive,) = folder.glob("*.tgz")
    return archive


def member(archive: Path, name: str) -> IO[bytes]:
    """A file of a package, unpacked in memory."""
    with tarfile.open(archive) as packed:
        stream = packed.extractfile(f"package/{name}")
        assert stream is not None
        return io.BytesIO(stream.read())
