"""The local store: finished boxes under content keys, and the work on new ones.

A box is a folder ``KIND/KEY`` whose key says all that it was made from. It is
made beside its place and renamed into it, so one that exists is whole. Layout,
below the user's cache folder::

    KIND/KEY/            a finished box, with its manifest.json
    work/KIND-KEY/       a box that is being made; kept when the making is stopped
    locks/KIND-KEY.lock  held while it is being made
    logs/                whole logs of the tools
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
import psutil
from filelock import FileLock, Timeout

from mlir_release import log, portable_files
from mlir_release.errors import UserError
from mlir_release.run import MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MANIFEST = "manifest.json"


def content_key(parts: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that differ whenever ``parts`` (JSON values) differ."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Box:
    """A finished folder of the store and what it was made from."""

    path: Path
    manifest: Mapping[str, Any]
    reused: bool


@dataclass(frozen=True)
class Store:
    """The folder that holds all boxes of one user."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> Store:
        """The store in ``root``, by default the user's cache folder.

        Raises:
            UserError: nothing can be written there.
        """
        root = root or platformdirs.user_cache_path("mlir-py-release", appauthor=False)
        portable_files.ensure_short(root)
        ensure_writable(root)
        return cls(root.resolve())

    def find(self, kind: str, key: str) -> Box | None:
        """The finished box of that kind and key, if there is one."""
        path = self.root / kind / key
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Box(path=path, manifest=manifest, reused=True)

    def work_folder(self, kind: str, key: str) -> Path:
        """Where the box of that kind and key is made; there only while it is, or was stopped."""
        return self.root / "work" / f"{kind}-{key}"

    def log_file(self, name: str) -> Path:
        """Where the tool called ``name`` writes its output; emptied first."""
        path = self.root / "logs" / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        return path

    def obtain(
        self,
        kind: str,
        parts: Mapping[str, Any],
        make: Callable[[Path], None],
        *,
        resumable: bool = False,
    ) -> Box:
        """The box made from ``parts``, made now if there is none yet.

        Args:
            kind: the folder of its kind.
            parts: JSON values: everything that the content depends on.
            make: fills the folder that it is given.
            resumable: ``make`` can go on with what a stopped one left; otherwise
                it always starts with an empty folder.
        """
        key = content_key(parts)
        found = self.find(kind, key)
        if found:
            return found
        with self.locked(kind, key):
            found = self.find(kind, key)
            if found:
                return found
            work = self.work_folder(kind, key)
            _end_leftovers(work)
            if not resumable:
                remove(work)
            work.mkdir(parents=True, exist_ok=True)
            make(work)
            return self._finish(work, kind, key, parts)

    def _finish(self, work: Path, kind: str, key: str, parts: Mapping[str, Any]) -> Box:
        """Give a made folder its manifest and its final name, in one step."""
        write_atomically(work / MANIFEST, json.dumps(parts, indent=2, sort_keys=True) + "\n")
        place = self.root / kind / key
        place.parent.mkdir(parents=True, exist_ok=True)
        # Only a folder without a manifest can be there, so not a finished box.
        remove(place)
        portable_files.move(work, place)
        return Box(path=place, manifest=parts, reused=False)

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[None]:
        """Keep other processes from working on the same thing; the lock dies with us."""
        path = self.root / "locks" / f"{kind}-{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.say(f"   waiting for another build that is making {kind} {key}")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def ensure_writable(folder: Path) -> None:
    """Make the folder, and prove that a file can be written into it.

    Raises:
        UserError: it cannot; the reason is the system's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Of this kind nothing stays behind, even if we are killed here.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x" * 4096)
    except OSError as error:
        raise UserError(
            f"cannot write to {folder} ({error.strerror}); free some room there or name another folder"
        ) from None


def ensure_room(folder: Path, needed: int, purpose: str) -> None:
    """Check that ``needed`` bytes are free where ``folder`` is or will be.

    Raises:
        UserError: there are fewer.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise UserError(
            f"{purpose} needs {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free;"
            " free some room there or name another folder"
        )


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder; what others remove meanwhile counts as nothing."""
    total = 0
    files = (Path(parent, name) for parent, _, names in os.walk(path) for name in names)
    for file in files if path.is_dir() else [path]:
        with suppress(OSError):
            total += file.lstat().st_size
    return total


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that it has its old or its new content, never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def remove(path: Path) -> None:
    """Delete a file or a folder; it need not exist."""
    if path.is_dir() and not path.is_symlink():
        portable_files.make_deletable(path)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _end_leftovers(work: Path) -> None:
    """End tools that a killed build left running: they still write into its folder.

    The oldest goes first: a CMake that sees its compiler end would keep that as the answer to a question.
    """
    for _ in range(3):  # what was just being started is there at the second look
        found = sorted(_leftovers(work), key=lambda process: process.create_time())
        for process in found:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        psutil.wait_procs(found, timeout=10)


def _leftovers(work: Path) -> Iterator[psutil.Process]:
    """The processes of a session that work in a folder, or name it on their command line.

    Those that started us are none, nor what the user started: a shell that stands there, a ``tail`` of a log.
    """
    ours = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    names = {str(work), work.as_posix()}  # on Windows, CMake writes it in its own way
    for process in psutil.process_iter():
        try:
            named = any(name in word for word in process.cmdline() for name in names)
            there = named or Path(process.cwd()).is_relative_to(work)
            if process.pid not in ours and there and MARK in process.environ():
                yield process
        except (psutil.Error, OSError):
            # Another user's, or gone since.
            continue
