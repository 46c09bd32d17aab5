"""The folder of a release set: written beside its place, and renamed into it."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import psutil

from mlir_release.errors import UserError
from mlir_release.publishing import manifest as manifests
from mlir_release.store import ensure_room, ensure_writable, file_sha256, remove
from mlir_release.wheel_record import info_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlir_release.publishing.manifest import File, Manifest

_PART = ".part"


def ensure_free(place: Path) -> None:
    """See that a release set may be written to a place: nothing is there, or an older set.

    Raises:
        UserError: something else is there, or nothing can be written.
    """
    if place.is_dir():
        if any(place.iterdir()) and not (place / manifests.NAME).is_file():
            raise UserError(f"{place} holds something else than a release set; name another --output")
    elif place.exists():
        raise UserError(f"{place} is not a folder; name another --output")
    ensure_writable(place.parent)


def write(place: Path, manifest: Manifest, sources: Mapping[str, Path], notes: str) -> None:
    """Write a release set, in place of an older one.

    Args:
        place: where; complete as soon as there is anything.
        manifest: of the set.
        sources: each wheel of the manifest, by name; linked if the system can, else copied.
        notes: the release notes.

    Raises:
        UserError: there is no room, or a wheel has changed since it was looked at.
    """
    _remove_parts(place)
    part = place.with_name(f".{place.name}.{os.getpid()}{_PART}")
    part.mkdir()
    try:
        for file in manifest.files:
            _put(sources[file.name], file, part)
        (part / manifests.NAME).write_text(manifests.text(manifest), encoding="utf-8")
        (part / manifests.SUMS).write_text(_sums(part), encoding="utf-8")
        (part / manifests.NOTES).write_text(notes, encoding="utf-8")
        _exchange(part, place)
    finally:
        remove(part)


def _put(source: Path, file: File, folder: Path) -> None:
    """A wheel and its metadata, both as the manifest says they are."""
    wheel = folder / file.name
    try:
        wheel.hardlink_to(source.resolve())
    except OSError:  # another file system, or one without links
        ensure_room(folder, file.size, "a release set")
        shutil.copyfile(source, wheel)
    if file_sha256(wheel) != file.sha256:
        raise UserError(f"{source} was replaced while the release set was made; run it again")
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{info_of(file.name)}/METADATA")
    assert hashlib.sha256(metadata).hexdigest() == file.metadata_sha256
    wheel.with_name(file.name + manifests.METADATA_SUFFIX).write_bytes(metadata)


def _sums(folder: Path) -> str:
    """The sums of all files that are there, in the form that ``sha256sum --check`` reads."""
    return "".join(f"{file_sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir()))


def _exchange(part: Path, place: Path) -> None:
    """Put a new folder in the place of an old one; a stop between the two steps leaves none."""
    old = place.with_name(f".{place.name}.old.{os.getpid()}{_PART}")
    if place.exists():
        place.rename(old)
    part.rename(place)
    remove(old)


def _remove_parts(place: Path) -> None:
    """Remove what stopped sessions left; one that is running keeps its own."""
    for part in place.parent.glob(f".{place.name}.*{_PART}"):
        session = part.name.removesuffix(_PART).rpartition(".")[2]
        if not session.isdecimal() or not psutil.pid_exists(int(session)):
            remove(part)
