"""A list of the files of a box, by which a change of one of them is noticed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.store import file_sha256, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlir_release.store import Box, Store

_NAME = "files.json"
# Boxes that were made before there were lists have other keys.
_MARK = {"listed": True}


class Changed(UserError):
    """The files of a box are not those that were made; ``what`` names one."""

    def __init__(self, box: Path, what: str) -> None:
        super().__init__(f"{box} was changed since it was made: {what}; delete it to have it made again")


def obtain(
    store: Store,
    kind: str,
    parts: Mapping[str, Any],
    make: Callable[[Path], None],
    *,
    resumable: bool = False,
) -> Box:
    """A box as ``Store.obtain`` gives it, of which no file was changed since it was made.

    Raises:
        Changed: one was; the box is made again only when somebody removes it.
    """

    def listed(work: Path) -> None:
        make(work)
        write(work)

    box = store.obtain(kind, {**parts, **_MARK}, listed, resumable=resumable)
    found = change(box.path)
    if found:
        raise Changed(box.path, found)
    return box


def write(folder: Path) -> None:
    """List all files below a folder, in a file in it: size, time of change and sha256 of each."""
    files = [path for path in _files(folder) if path.name != _NAME]
    with ThreadPoolExecutor() as pool:
        sums = pool.map(_sha256, files)
    entries = {
        path.relative_to(folder).as_posix(): [*_stamp(path), sha256]
        for path, sha256 in zip(files, sums, strict=True)
    }
    write_atomically(folder / _NAME, json.dumps(entries, indent=0) + "\n")


def changed(folder: Path) -> list[str]:
    """The files that are not what ``write`` listed, or are gone; the list itself, if it cannot be read.

    A file with another time of change is compared by its content: copying a folder changes those.
    """
    try:
        entries = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [_NAME]
    return sorted(name for name, entry in entries.items() if not _same(folder / name, *entry))


def change(folder: Path) -> str | None:
    """What ``changed`` found, in few words; None if it found nothing."""
    names = changed(folder)
    if not names:
        return None
    return f"{names[0]} and {len(names) - 1} more" if names[1:] else names[0]


def _same(path: Path, size: int, mtime_ns: int, sha256: str) -> bool:
    try:
        stamp = _stamp(path)
        return stamp == (size, mtime_ns) or (stamp[0] == size and _sha256(path) == sha256)
    except OSError:
        return False


def _stamp(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _sha256(path: Path) -> str:
    """Of a file's bytes; of a link, where it leads."""
    return f"-> {path.readlink()}" if path.is_symlink() else file_sha256(path)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield path
