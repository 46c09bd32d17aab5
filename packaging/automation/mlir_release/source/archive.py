"""Pinned archives: finding one, checking its sha256, unpacking what is needed of it."""

from __future__ import annotations

import lzma
import os
import posixpath
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.portable_files import link as make_link
from mlir_release.source.apt import download
from mlir_release.source.layout import Unavailable, is_wanted
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlir_release.store import Store

_UNREADABLE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError)


def folder(store: Store) -> Path:
    """Where archives are kept, and where the user can put one."""
    return store.root / "archives"


def find(archives: Mapping[str, str], store: Store) -> Path | None:
    """The first pinned archive that is already in the archives' folder.

    Args:
        archives: file names and their sha256.
        store: the store whose folder is looked into.

    Raises:
        UserError: one is there with another sha256. It is neither used nor deleted:
            what was downloaded here was checked first, so that file is the user's own.
    """
    for name, expected in archives.items():
        path = folder(store) / name
        if path.is_file():
            actual = file_sha256(path)
            if actual != expected:
                raise UserError(
                    f"{path} has the sha256 {actual}, the pin says {expected};"
                    " put the right file there or remove this one"
                )
            return path
    return None


def bring(name: str, sha256: str, store: Store, work: Path, log_file: Path) -> Path:
    """Bring an archive through the machine's package manager into the archives' folder.

    Args:
        name: the archive's file name.
        sha256: what it must have.
        store: gets the file, under its final name only once it was checked.
        work: a folder to make and to work in.
        log_file: gets the tools' output.

    Raises:
        Unavailable: it cannot be had in this way; says why.
    """
    fresh = download(name, sha256, work, log_file)
    if file_sha256(fresh) != sha256:
        raise Unavailable("the package manager brought a file with another sha256")
    place = folder(store) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(place)
    return place


def unpack(path: Path, parts: Sequence[str], into: Path) -> None:
    """Unpack the parts of an archive that has everything below one top folder.

    Only files, folders and links that stay inside are taken; links are made
    last, so that nothing is written through one. Times and executable bits are
    kept. This does not need tarfile's own filters: Debian 12's Python lacks them.

    Args:
        path: a tar archive, compressed in any way that Python reads.
        parts: paths below the top folder.
        into: the folder to make; becomes the root of llvm-project.

    Raises:
        UserError: it cannot be unpacked.
    """
    into.mkdir()
    links: list[tuple[Path, str]] = []
    try:
        # Read from front to back; tarfile's own stream mode ("r|*") takes 15 times as long for that.
        with tarfile.open(path) as tar:
            for member, inside in _wanted(tar, parts):
                _write(tar, member, into / inside, inside, links)
        for link, target in links:
            make_link(link, Path(target))
        _check_chains(into, links)
    except _UNREADABLE as error:
        raise UserError(f"{path} cannot be unpacked ({error}); the pin names a broken archive") from None
    except OSError as error:
        raise UserError(f"{path} cannot be unpacked into {into}: {error.strerror or error}") from None


def _wanted(tar: tarfile.TarFile, parts: Sequence[str]) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """The members that belong to the parts, with their paths below the top folder."""
    top: str | None = None
    for member in tar:
        first, _, inside = member.name.removeprefix("./").partition("/")
        if first in ("", "."):
            continue
        top = top or first
        if first != top:
            raise tarfile.TarError(f"{member.name} is not below {top}")
        if is_wanted(inside, parts):
            if ".." in inside.split("/"):
                raise tarfile.TarError(f"{member.name} is not a plain path")
            yield member, inside


def _write(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    target: Path,
    inside: str,
    links: list[tuple[Path, str]],
) -> None:
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        _check_link(member, inside)
        links.append((target, member.linkname))
        return
    source = tar.extractfile(member) if member.isreg() else None
    if source is None:
        raise tarfile.TarError(f"{member.name} is neither a file nor a folder nor a symbolic link")
    with source, target.open("wb") as out:
        shutil.copyfileobj(source, out)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)
    os.utime(target, (member.mtime, member.mtime))


def _check_link(member: tarfile.TarInfo, inside: str) -> None:
    """A link's target must lie in the tree, as far as its text says."""
    if posixpath.normpath(f"{posixpath.dirname(inside)}/{member.linkname}").startswith("..") or (
        member.linkname.startswith("/")
    ):
        raise tarfile.TarError(f"{member.name} links to {member.linkname}, outside of the archive")


def _check_chains(into: Path, links: Sequence[tuple[Path, str]]) -> None:
    """A link's target must lie in the tree through all links, too: ``..`` of a link is that of its target."""
    root = os.path.realpath(into)
    for link, target in links:
        if not Path(os.path.realpath(link)).is_relative_to(root):
            raise tarfile.TarError(f"{link.relative_to(into)} links to {target}, outside of the archive")
