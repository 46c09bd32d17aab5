"""Files of a prefix, put where a wheel takes them from."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdk_package.cmake_file import UnknownForm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_SHARED_AGGREGATE = re.compile(r"lib(LLVM|MLIR)[-.]?[\d.]*(\.so|\.dylib)[\d.]*")


@dataclass(frozen=True)
class Binutils:
    """The compiler's companions, as CMake found them.

    Without a readelf, nothing is known of what a file needs.
    """

    ar: str
    strip: str
    readelf: str | None


@dataclass(frozen=True)
class Prefix:
    """An installed LLVM or MLIR."""

    path: Path
    binutils: Binutils

    def exists(self, file: str) -> bool:
        """Whether a file of the prefix is there."""
        return (self.path / file).exists()

    def self_contained(self, file: str) -> bool:
        """Whether a program or shared library runs without the prefix's shared LLVM and MLIR."""
        if self.binutils.readelf is None:
            return True
        dynamic = _output([self.binutils.readelf, "--dynamic", str(self.path / file)])
        return not any(_SHARED_AGGREGATE.fullmatch(name) for name in _NEEDED.findall(dynamic))

    def put(self, file: str, place: Path, *, copy: bool) -> None:
        """Put a file into ``place``: a link for use here, or a copy for a wheel.

        Copies of static libraries have no debug information. LLVM makes them without times and owners.
        """
        source = (self.path / file).resolve(strict=True)
        target = place / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not copy and sys.platform != "win32":  # where few may make links
            target.symlink_to(source)
        elif source.suffix == ".a" and _has_debug_information(source):
            _output([self.binutils.strip, "-S", "-D", "-o", str(target), str(source)])
        else:
            shutil.copy(source, target)

    def extract(self, archive: str, place: Path) -> list[str]:
        """The object files of a static library, put into ``place``; returns their names.

        Raises:
            UnknownForm: two of them have one name.
        """
        source = str((self.path / archive).resolve(strict=True))
        names = _output([self.binutils.ar, "t", source]).split()
        if len(set(names)) != len(names):
            raise UnknownForm(f"{archive} has two object files of one name")
        place.mkdir(parents=True)
        _output([self.binutils.ar, "x", source], folder=place)
        return names


def _has_debug_information(library: Path) -> bool:
    """Whether there is something to strip.

    Where there is not, that would only do harm: clang's notes of which addresses are compared are void once a
    symbol table is written anew, and without them linkers fold less identical code (LLVM's documentation of
    extensions, "SHT_LLVM_ADDRSIG"): the bindings' wheel is a tenth larger then.
    """
    return b".debug_info" in library.read_bytes()


def ensure_relocatable(files: Sequence[Path], folders: Sequence[Path]) -> None:
    """Check that no text names a folder of this machine.

    Raises:
        UnknownForm: one does.
    """
    paths = [path for folder in folders for path in (folder, folder.resolve()) if len(path.parts) > 2]  # noqa: PLR2004 -- not /usr
    names = {name for path in paths for name in (str(path), path.as_posix())}
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        for name in names:
            if name in text:
                raise UnknownForm(f"{file} names a folder of this machine: {name}")


def _output(command: Sequence[str], *, folder: Path | None = None) -> str:
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def write(path: Path, text: str) -> None:
    """Write a text file; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
