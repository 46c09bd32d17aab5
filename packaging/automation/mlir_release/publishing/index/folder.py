"""Putting a whole index on disk in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.store import content_key, ensure_writable, remove

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlir_release.store import Store

# A folder that has this is an index.
_MARK = "simple/index.json"


class NoIndexThere(UserError):
    """A folder that is to be replaced has something else in it."""


def check(place: Path) -> None:
    """See that an index can be put there: whatever is there is replaced.

    Raises:
        NoIndexThere: what is there is neither an index nor empty.
        UserError: nothing can be written beside it.
    """
    ensure_writable(place.parent)
    empty = place.is_dir() and not any(place.iterdir())
    if place.exists() and not empty and not (place / _MARK).is_file():
        raise NoIndexThere(f"{place} is there and no index, and would be replaced; name another --output")


def write(place: Path, files: Iterable[tuple[str, str]], store: Store) -> int:
    """Write an index, beside its place, and put it there when it is whole.

    Who reads meanwhile finds the old one or the new one, but for the moment between two renames.

    Args:
        place: what becomes the index's root; one that is there is replaced.
        files: path below the root, with slashes, and content.
        store: has the lock, which keeps another run from doing the same.

    Returns:
        The bytes that were written.

    Raises:
        NoIndexThere: what is there is neither an index nor empty.
    """
    new, old = (place.with_name(f".{place.name}.{state}") for state in ("new", "old"))
    with store.locked("index", content_key({"place": str(place)})):
        check(place)
        remove(new)
        size = sum(_write(new / path, content) for path, content in files)
        remove(old)
        if place.exists():
            place.rename(old)
        new.rename(place)
        remove(old)
    return size


def _write(path: Path, content: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(content.encode())
