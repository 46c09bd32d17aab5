"""The files that a distribution is built from: its own folder, and what all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.store import content_key, file_sha256

if TYPE_CHECKING:
    from pathlib import Path, PurePath

# Beside the distributions' folders, and named in their build files.
_COMMON = "common"


def content(folder: Path) -> str:
    """A key that changes whenever one of the files does; what tools leave there does not count."""
    roots = (folder, folder.parent / _COMMON)
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    names = {path.relative_to(folder.parent): path for path in files}
    return content_key(
        {name.as_posix(): file_sha256(path) for name, path in names.items() if not _is_leftover(name)}
    )


def _is_leftover(name: PurePath) -> bool:
    """Whether a file is bytecode, or in a tool's hidden folder (``.mypy_cache``)."""
    return any(part == "__pycache__" or part.startswith(".") for part in name.parts)
