"""What of an llvm-project tree is taken, and what the tree says of itself."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What a build of LLVM and MLIR, the bindings and upstream's tests of MLIR need: paths below the root
# of llvm-project, each a file or a folder with all that is in it. The C library's are headers that
# LLVM's floating-point code includes (cmake/Modules/FindLibcCommonUtils.cmake); of LLVM's own
# tests, what its CMake files name.
PARTS = (
    "LICENSE.TXT",
    "cmake",
    "libc/hdr",
    "libc/include",
    "libc/shared",
    "libc/src/__support",
    "llvm/CMakeLists.txt",
    "llvm/LICENSE.TXT",
    "llvm/cmake",
    "llvm/include",
    "llvm/lib",
    "llvm/projects",
    "llvm/resources",
    "llvm/runtimes",
    "llvm/test/CMakeLists.txt",
    "llvm/test/FileCheck",
    "llvm/test/TableGen",
    "llvm/test/Unit",
    "llvm/test/lit.cfg.py",
    "llvm/test/lit.site.cfg.py.in",
    "llvm/tools",
    "llvm/unittests",
    "llvm/utils",
    "mlir",
    "third-party",
)

VERSION_FILE = "cmake/Modules/LLVMVersion.cmake"
# The two files by which a folder is known as an llvm-project with MLIR in it.
_LANDMARKS = (VERSION_FILE, "mlir/CMakeLists.txt")

# "  set(LLVM_VERSION_MAJOR 22)" in upstream's file; the suffix is empty in a
# release, "git" on main and "-rc1" in a candidate.
_SETTING = re.compile(
    r"^\s*set\(LLVM_VERSION_(MAJOR|MINOR|PATCH|SUFFIX)[ \t]*\"?([\w-]*)\"?\s*\)", re.MULTILINE
)
_RELEASE = re.compile(r"\d+\.\d+\.\d+")


class Unavailable(Exception):
    """One of the ways to the source does not lead there; the text says why, in a few words."""


def is_wanted(path: str, parts: Sequence[str]) -> bool:
    """Whether a path below the root of llvm-project is one of the parts or lies in one.

    Whole path components are compared: the part ``llvm`` takes neither
    ``llvm-libgcc`` nor ``utils/bazel/llvm``. A part with a ``*`` is a pattern as in .gitignore.
    """
    # Plain text, for speed: it is asked 185,000 times.
    return any(
        path == part or path.startswith(f"{part}/") or ("*" in part and _pattern(part).fullmatch(path))
        for part in parts
    )


@functools.cache
def _pattern(part: str) -> re.Pattern[str]:
    """A pattern in which ``**/`` stands for folders, also none, and ``*`` for what is in one name."""
    inside = re.escape(part).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(inside)


def missing_landmark(tree: Path) -> str | None:
    """The first file that an llvm-project would have and this folder has not."""
    return next((name for name in _LANDMARKS if not (tree / name).is_file()), None)


def require_parts(tree: Path, parts: Sequence[str], where: str) -> None:
    """Check that every part is in the tree.

    Raises:
        UserError: one is not; ``where`` names the tree.
    """
    lacking = [part for part in parts if not (tree / part).exists()]
    if lacking:
        raise UserError(
            f"{where} has no {', '.join(lacking)}, which the build needs; use a complete llvm-project"
        )


def read_version(tree: Path) -> str:
    """The LLVM version that a tree names itself, as ``version_in`` reads it.

    Raises:
        UserError: the file does not say it.
    """
    path = tree / VERSION_FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; use a complete llvm-project") from None
    return version_in(text, path)


def version_in(text: str, where: Path | str) -> str:
    """The LLVM version in the text of upstream's ``cmake/Modules/LLVMVersion.cmake``.

    It is like ``22.1.8``, ``23.1.0rc1`` or ``23.0.0git``.
    The hyphen that upstream writes before ``rc1`` is left out, as in the pin.

    Raises:
        UserError: it does not say it; names where the text is from.
    """
    said = dict(_SETTING.findall(text))
    numbers = [said.get(name, "") for name in ("MAJOR", "MINOR", "PATCH")]
    if not all(number.isdecimal() for number in numbers):
        raise UserError(f"{where} does not say which LLVM version this is; use a complete llvm-project")
    return ".".join(numbers) + str(said.get("SUFFIX", "")).removeprefix("-")


def same_release(version: str, pinned: str) -> bool:
    """Whether a tree's version is the pinned one, by its three numbers.

    The suffix does not count: main says ``git`` where the pin has none, and
    upstream's candidates carry a wrong one at times (llvm/llvm-project#210691).
    """
    return release_numbers(version) == release_numbers(pinned)


def release_numbers(version: str) -> str:
    """``23.1.0`` of ``23.1.0rc1`` or ``23.1.0git``."""
    numbers = _RELEASE.match(version)
    assert numbers, version
    return numbers[0]
