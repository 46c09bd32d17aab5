"""The C and C++ library of an older system, for wheels that run there: what ``--sysroot DIR`` names.

What a compiler needs of the tree is copied into the store, under its content: so the absolute links in it
(``libm.so -> /lib/x86_64-linux-gnu/libm.so.6``, which would lead to this machine's own libraries) can be made
relative, a build of hours does not depend on a folder that somebody changes meanwhile, and the same libraries
are the same sysroot on every machine.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.store import content_key, file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlir_release.store import Store

# Where libraries are, with Debian's folder per architecture and with RHEL's lib64.
_LIBRARY_FOLDERS = ("lib", "lib64", "usr/lib", "usr/lib64")
_LIBRARIES = ("*", "*-linux-gnu*/*", "gcc/*/*/**/*")
_LINKED = re.compile(r"\.(?:a|o|so)(?:\.|$)")
# Debian's own interpreters have a pyconfig.h that includes <x86_64-linux-gnu/python3.11/pyconfig.h>.
_PYTHON_HEADERS = "usr/include/*-linux-gnu*/python3*/*.h"
_GLIBC = re.compile(
    r"^#define\s+__GLIBC__\s+(\d+)$.*^#define\s+__GLIBC_MINOR__\s+(\d+)$", re.MULTILINE | re.DOTALL
)
# The ELF header up to and with e_machine, which begins at byte 18; byte 4 says 32 or 64 bits.
_ELF_HEADER = 20


@dataclass(frozen=True, kw_only=True)
class Sysroot:
    """Libraries to compile and link against: a folder for ``--sysroot=``, in which no link leads out.

    ``key`` tells its content from other contents; ``description`` is for people
    (``glibc 2.31, libstdc++ of gcc 10``).
    """

    path: Path
    key: str
    description: str


def obtain(tree: Path, store: Store) -> Sysroot:
    """The sysroot made of a tree such as debootstrap makes; takes about a second.

    Args:
        tree: the root of the older system, with the development files of its C and C++ library.
        store: keeps what is needed of it.

    Raises:
        UserError: there is no such folder, something is missing in it, or it is another architecture's.
    """
    if sys.platform != "linux":
        raise UserError("--sysroot is for wheels of Linux; other systems have deployment targets")
    description = _examined(tree)
    wanted = {path.relative_to(tree).as_posix(): path for path in _needed(tree)}
    key = content_key({name: _fingerprint(tree, path) for name, path in wanted.items()})
    headers = {path.relative_to("/").as_posix(): path for path in Path("/").glob(_PYTHON_HEADERS)}
    parts = {"tree": key, "python": {name: file_sha256(path) for name, path in sorted(headers.items())}}

    def make(work: Path) -> None:
        _copy(tree, wanted | headers, work)
        _check_architecture(tree, work)

    box = store.obtain("sysroot", parts, make)
    log.say(f"   sysroot: {description}, of {tree}")
    return Sysroot(path=box.path, key=key, description=description)


def _examined(tree: Path) -> str:
    """What is in a tree; raises ``UserError`` when something is not."""
    if not tree.is_dir():
        raise UserError(f"--sysroot {tree}: there is no such folder")
    if _libc(tree) is None:
        raise UserError(f"--sysroot {tree}: it has no C library (libc.so.6); make one with debootstrap")
    features = tree / "usr/include/features.h"
    glibc = _GLIBC.search(features.read_text(encoding="utf-8")) if features.is_file() else None
    if glibc is None:
        raise UserError(
            f"--sysroot {tree}: it has no headers of glibc; install libc6-dev (glibc-devel) into it"
        )
    static = [path for top in _own_folders(tree) for path in top.glob("gcc/*/*/libstdc++.a")]
    if not static:
        raise UserError(
            f"--sysroot {tree}: it has no static C++ library (usr/lib/gcc/*/*/libstdc++.a);"
            " install libstdc++-N-dev (libstdc++-static) into it"
        )
    newest = max((path.parent.name for path in static), key=_numbers)
    return f"glibc {glibc[1]}.{glibc[2]}, libstdc++ of gcc {newest}"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _libc(tree: Path) -> Path | None:
    """The C library's file, or the link that is called like it."""
    patterns = ("libc.so.6", "*-linux-gnu*/libc.so.6")
    found = (path for top in _own_folders(tree) for pattern in patterns for path in top.glob(pattern))
    return next(found, None)


def _own_folders(tree: Path) -> list[Path]:
    """Where libraries are, less links to another of these folders, or to this machine's."""
    return [tree / top for top in _LIBRARY_FOLDERS if not (tree / top).is_symlink()]


def _needed(tree: Path) -> Iterator[Path]:
    """The headers, and what the linker may read: files, and links of any kind."""
    yield from _entries(tree / "usr/include", ("**/*",))
    for top in _LIBRARY_FOLDERS:
        for path in _entries(tree / top, _LIBRARIES):
            if path.is_symlink() or _LINKED.search(path.name) or "include" in path.parts:
                yield path


def _entries(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    if folder.is_symlink():  # lib -> usr/lib, where that is merged
        yield folder
        return
    for pattern in patterns:
        yield from (path for path in sorted(folder.glob(pattern)) if path.is_symlink() or path.is_file())


def _fingerprint(tree: Path, path: Path) -> str:
    return f"-> {_target(tree, path)}" if path.is_symlink() else file_sha256(path)


def _target(tree: Path, link: Path) -> str:
    """Where a link leads when the tree is the root of everything, from the link's own folder."""
    folder = PurePosixPath("/", link.parent.relative_to(tree))
    # normpath goes no higher than the root, as the kernel does.
    return os.path.relpath(os.path.normpath(folder / os.readlink(link)), folder)  # noqa: PTH115 -- of text


def _copy(tree: Path, files: Mapping[str, Path], into: Path) -> None:
    for name, path in files.items():
        place = into / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() and path.is_relative_to(tree):
            place.symlink_to(_target(tree, path))
        else:
            shutil.copyfile(path, place)


def _check_architecture(tree: Path, copy: Path) -> None:
    """Compare the C library with the Python that runs us."""
    libc = _libc(copy)
    if libc is None or not libc.is_file() or _machine(libc) != _machine(Path(sys.executable)):
        raise UserError(f"--sysroot {tree}: its C library is not one of this machine's architecture")


def _machine(program: Path) -> tuple[bytes, bytes]:
    with program.open("rb") as stream:
        header = stream.read(_ELF_HEADER)
    return header[:5], header[18:]
