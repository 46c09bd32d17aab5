"""Whether a checkout is what a release's tag has: by the bytes of its files, whatever git's index says.

``git status`` does not see what the index was told to leave alone (``--assume-unchanged``,
``--skip-worktree``), nor files that git was told to ignore.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.git import Repository

# What is in them is in a release, whoever put it there.
_FOLDERS = ("patches", "packaging")
_LINK = "120000"


def differences(repository: Repository, commit: str) -> list[str]:
    """In what the files of a checkout differ from those of a commit.

    All files of the commit count, and besides what is in the folders of which a release is made; but for what
    tools leave in folders of their own (bytecode, caches).
    """
    listed = repository.ask("ls-tree", "-r", "-z", "--full-tree", commit).split("\0")
    facts = {path: entry.split() for entry, _, path in (line.partition("\t") for line in listed) if path}
    blobs = {path: (mode, digest) for path, (mode, kind, digest) in facts.items() if kind == "blob"}
    others = {path for folder in _FOLDERS for path in _files(repository.path, folder)} - blobs.keys()
    changed = (path for path, blob in blobs.items() if not _is(repository.path / path, *blob))
    return [f"{path} is another" for path in sorted(changed)] + [
        f"{path} is none of its files" for path in sorted(others)
    ]


def _is(path: Path, mode: str, digest: str) -> bool:
    """Whether a file has the content that git calls so (gitformat-pack, "object name")."""
    try:
        is_link = path.is_symlink()
        content = os.fsencode(path.readlink()) if is_link else path.read_bytes()
    except OSError:
        return False
    algorithm = "sha1" if len(digest) == hashlib.sha1(usedforsecurity=False).digest_size * 2 else "sha256"
    found = hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return is_link == (mode == _LINK) and found.hexdigest() == digest


def _files(root: Path, folder: str) -> Iterator[str]:
    """All files below a folder of a checkout, and links, by their paths in it."""
    for place, folders, names in os.walk(root / folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (PurePosixPath(Path(place, it).relative_to(root)).as_posix() for it in (*names, *links))
