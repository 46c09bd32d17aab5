"""Repair for Windows: delvewheel, and a look at its result with other eyes (pefile)."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from mlir_release.errors import ToolFailed
from mlir_release.repair import pe, wheel_files
from mlir_release.repair.wheel_files import BadWheel, CannotRepair
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlir_release.repair.pe import Image

_TAG = re.compile(r"win_(?P<machine>amd64|arm64)")
# DLLs that every Windows 10 has, of those that LLVM, MLIR and the compilers' runtimes ask for.
_SYSTEM = re.compile(
    r"(advapi32|bcrypt|bcryptprimitives|crypt32|dbghelp|gdi32|kernel32|kernelbase|msvcrt|ntdll|ole32|oleaut32"
    r"|psapi|rpcrt4|secur32|shell32|shlwapi|ucrtbase|user32|userenv|version|ws2_32)\.dll|(api|ext)-ms-win-.+\.dll"
)
# Python's own: python311.dll, python313t.dll, and python3.dll, by which the stable ABI is reached.
_PYTHON = re.compile(r"python3(?P<minor>\d*)(?P<free>t?)(?P<debug>_d)?\.dll")
# Microsoft's runtime libraries that are only where its compiler is, and those that come with every Python.
_DEBUG = re.compile(r"(msvcp|msvcrt?|vcruntime|concrt|vccorlib|ucrtbase)\d*(_\w+)?d\.dll")
_WITH_PYTHON = frozenset({"vcruntime140.dll", "vcruntime140_1.dll"})
# What delvewheel puts between a library's name and its suffix: a hash of its content.
_GRAFT = re.compile(r"-[0-9a-f]{32}(?=\.dll$)")
_PATCH = "_delvewheel_patch_"
# Windows' programs open no path of more than 259 characters unless it is told otherwise; this leaves 109 for
# the folder of packages, and that of a user's own Python 3.13 has up to 88.
_LONGEST = 150


class Delvewheel:
    """Grafts what is missing with delvewheel."""

    def tool(self) -> str:
        """The version of delvewheel."""
        return f"delvewheel {importlib.metadata.version('delvewheel')}"

    def repair(self, wheel: Path, *, library_dirs: Sequence[Path], output: Path, log: Path) -> None:
        """Run ``delvewheel repair``; raises ``CannotRepair`` if it cannot."""
        search = os.pathsep.join(map(str, _search(library_dirs)))
        # A library that the wheel has stays the only one, under its name, and what it needs is looked for.
        options = ("--ignore-existing", "--analyze-existing", "--add-path", search, "--wheel-dir", output)
        command: list[str | Path] = [sys.executable, "-m", "delvewheel", "repair", "-v"]
        command += [*options, wheel.resolve()]
        try:
            # In that folder, so that the store finds and ends it when this session is killed meanwhile; and
            # with no other PATH, on which it would take what is called like what it looks for.
            run(command, cwd=output, env={"PATH": search}, log=log)
        except ToolFailed as failure:
            raise CannotRepair("delvewheel", wheel, failure) from None

    def check(self, wheel: Path) -> None:
        """Check libraries, names and tag; raises ``BadWheel`` with all that is wrong."""
        with wheel_files.unpacked(wheel) as root:
            names = [PurePosixPath(path.relative_to(root).as_posix()) for path in wheel_files.files(root)]
            try:
                images = [pe.read(root / name, name) for name in names if pe.is_pe(name)]
            except pe.NotPE as error:
                raise BadWheel(wheel, [f"it is damaged ({error})"]) from None
            unpatched = list(_unpatched(root, images))
        problems = [
            *wheel_files.record_problems(wheel),
            *_wrong_tags(wheel),
            *_long(names),
            *_wrong_processors(images, wheel),
            *_doubled(images),
            *_wrong_runtime(images, wheel),
            *_missing(images, wheel),
            *unpatched,
        ]
        if problems:
            raise BadWheel(wheel, problems)


def _search(library_dirs: Sequence[Path]) -> Iterator[Path]:
    """Where DLLs are: also in CMake's folder of programs beside one of libraries, and in Windows' own."""
    for folder in library_dirs:
        yield folder.resolve()
        if (folder.parent / "bin").is_dir():
            yield (folder.parent / "bin").resolve()
    if "SYSTEMROOT" in os.environ:
        yield Path(os.environ["SYSTEMROOT"], "System32")


def _tags(wheel: Path) -> tuple[list[str], list[str]]:
    """The platforms that a wheel is for, and the interpreters: ``cp313``, ``cp313t``, ``py3``."""
    *_, tags = parse_wheel_filename(wheel.name)
    pythons = {it.abi if it.abi == f"{it.interpreter}t" else it.interpreter for it in tags}
    return sorted({tag.platform for tag in tags}), sorted(pythons)


def _wrong_tags(wheel: Path) -> Iterator[str]:
    for platform in _tags(wheel)[0]:
        if not _TAG.fullmatch(platform):
            yield f"its platform tag is {platform}, not one of 64-bit Windows"


def _wrong_processors(images: Sequence[Image], wheel: Path) -> Iterator[str]:
    wanted = {match["machine"] for match in map(_TAG.fullmatch, _tags(wheel)[0]) if match}
    if not images:
        yield "it has no file for Windows"
    for image in images:
        if {image.processor} != wanted:
            yield f"{image.path} is for {image.processor}, and the wheel for {', '.join(sorted(wanted))}"


def _long(names: Sequence[PurePosixPath]) -> Iterator[str]:
    for name in names:
        length = len(str(wheel_files.place(name)[1]))
        if length > _LONGEST:
            yield f"{name} has {length} characters, and Windows has room for {_LONGEST}"


def _doubled(images: Sequence[Image]) -> Iterator[str]:
    """A library that is there as itself and as a graft, or in two folders."""
    names = Counter(_GRAFT.sub("", it.path.name.lower()) for it in images if it.kind == "library")
    return (f"{name} is in it {count} times" for name, count in names.items() if count > 1)


def _wrong_runtime(images: Sequence[Image], wheel: Path) -> Iterator[str]:
    """Files that are linked to Microsoft's runtime for debugging, or to another Python."""
    pythons = _tags(wheel)[1]
    for image in images:
        for name in image.needed:
            if _DEBUG.fullmatch(name):
                yield f"{image.path} needs {name}, of the runtime for debugging, which only compilers bring"
            found = _PYTHON.fullmatch(name)
            if found and not _is_python(found, pythons):
                yield f"{image.path} needs {name}, and the wheel is for {', '.join(pythons)}"


def _is_python(found: re.Match[str], pythons: Sequence[str]) -> bool:
    """Whether a Python's DLL is that of an interpreter; ``python3.dll`` is that of all."""
    return not found["debug"] and (not found["minor"] or f"cp3{found['minor']}{found['free']}" in pythons)


def _missing(images: Sequence[Image], wheel: Path) -> Iterator[str]:
    """What is not where Windows looks for it.

    That is the folder of the extension, library or program that is loaded first, for itself and all that
    comes with it; and, but for programs, the folder that the patch of delvewheel adds.
    """
    folders = _by_folder(images)
    grafts = (f"site-packages/{wheel.name.partition('-')[0]}.libs".lower(),)
    of_python = _WITH_PYTHON if all(it.startswith("cp") for it in _tags(wheel)[1]) else frozenset()
    for first in images:
        looked = (_folder(first), *(() if first.kind == "program" else grafts))
        theirs = of_python if first.kind != "program" else frozenset()
        seen, left = {first.path}, [first]
        while left:
            image = left.pop()
            for name in image.needed:
                found = next((folders[it][name] for it in looked if name in folders[it]), None)
                if found and found.path not in seen:
                    seen.add(found.path)
                    left.append(found)
                elif not found and not _elsewhere(name) and name not in theirs:
                    yield _absent(first, image, name)


def _elsewhere(name: str) -> bool:
    """Whether a DLL is the system's or Python's; or one for debugging, of which more was said."""
    return any(it.fullmatch(name) for it in (_SYSTEM, _PYTHON, _DEBUG))


def _absent(first: Image, image: Image, name: str) -> str:
    through = f" through {image.path}" if image is not first else ""
    return f"{first.path} needs {name}{through}, which is neither Windows' nor where it is looked for"


def _folder(image: Image) -> str:
    scheme, name = wheel_files.place(image.path)
    return f"{scheme}/{name.parent}".lower()


def _by_folder(images: Sequence[Image]) -> Mapping[str, dict[str, Image]]:
    """The libraries in each folder, by their names."""
    found: dict[str, dict[str, Image]] = defaultdict(dict)
    for image in images:
        found[_folder(image)][image.path.name.lower()] = image
    return found


def _unpatched(root: Path, images: Sequence[Image]) -> Iterator[str]:
    """Packages with extensions that do not say where the libraries that were put in are."""
    if not any(it.path.parts[0].endswith(".libs") for it in images):
        return
    for package in sorted(
        {wheel_files.place(it.path)[1].parts[0] for it in images if it.kind == "extension"}
    ):
        places = [*root.glob(f"{package}/__init__.py"), *root.glob(f"*.data/*lib/{package}/__init__.py")]
        if not any(_PATCH in it.read_text(encoding="utf-8", errors="replace") for it in places):
            yield f"{package}/__init__.py does not name the folder of the libraries that were put in"
