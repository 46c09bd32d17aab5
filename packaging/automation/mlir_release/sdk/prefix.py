"""A folder that MLIR is installed in, judged by its files alone: no CMake runs.

The facts are in MLIR's CMake package, which mlir/cmake/modules/CMakeLists.txt
of llvm-project writes.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.store import content_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# CMake packages are in lib, on some 64-bit systems in lib64.
_LIBRARY_DIRS = ("lib", "lib64")
# What builds the bindings, and what their tests and MLIR's own run.
_TOOLS = ("mlir-tblgen", "mlir-opt", "FileCheck", "not", "count")
_LLVM_VERSION = re.compile(r"^\s*set\(LLVM_VERSION\s+\"?(\d[\w.+~-]*)\"?\s*\)", re.MULTILINE)
_PACKAGE_VERSION = re.compile(r"^\s*set\(PACKAGE_VERSION\s+\"?(\d[\w.+~-]*)\"?\s*\)", re.MULTILINE)
_C_API = re.compile(r"MLIR_UPSTREAM_CAPI_LIBS\s+\"?([^\s\")]+)")
# The files at which find_package stops when they are missing, as CMake's export files list them. A
# distribution that installs only some of what it exports has taken those lists out.
_EXPORTS = ("cmake/mlir/MLIRTargets-*.cmake", "cmake/llvm/LLVMExports-*.cmake")
_WANTED = re.compile(r"^[^#\n]*_import_check_files_for_\S+ (.+)\)", re.MULTILINE | re.IGNORECASE)
_WANTED_FILE = re.compile(r'\$\{_IMPORT_PREFIX\}/([^";]+)')
_HEADERS = ("include/mlir", "include/llvm")
_CANDIDATE_MARK = re.compile(r"[-~+]+(?=rc\d)")
# Files that every new installation of MLIR changes.
_TELLTALES = ("cmake/mlir/MLIRConfig.cmake", "cmake/mlir/MLIRTargets.cmake")
_TELLTALE_LIBRARIES = ("MLIRIR", "MLIRCAPIIR", "LLVMSupport")
# How many missing files a message names.
_SHOWN = 3


class BadPrefix(UserError):
    """A folder is not an MLIR that can be built against; the message says why."""


class NotMlir(BadPrefix):
    """There is no MLIR in that folder at all."""


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """An installed MLIR: its folder without symbolic links, where its libraries are, LLVM's version."""

    path: Path
    library_dir: Path
    version: str

    @property
    def config(self) -> Path:
        """The file by which CMake finds it."""
        return self.library_dir / "cmake/mlir/MLIRConfig.cmake"

    @property
    def tools_dir(self) -> Path:
        """Where its programs are."""
        return self.path / "bin"


def read(place: Path) -> Prefix:
    """The MLIR in a folder: a prefix, or the ``lib/cmake/mlir`` in one.

    Raises:
        NotMlir: there is none.
        BadPrefix: its files do not say one version.
    """
    try:
        return _read(place.expanduser().resolve())
    except (OSError, RuntimeError) as error:  # not ours to read; no such home; links in a circle
        raise BadPrefix(f"{place} cannot be read ({error})") from None


def _read(path: Path) -> Prefix:
    if path.parts[-2:] in {("cmake", "mlir"), ("cmake", "llvm")}:
        path = path.parents[2]
    if not path.is_dir():
        problem = "is not a folder" if path.exists() else "does not exist"
        raise NotMlir(f"{path} {problem}, so no MLIR is installed in it")
    for name in _LIBRARY_DIRS:
        if (path / name / "cmake/mlir/MLIRConfig.cmake").is_file():
            return Prefix(path=path, library_dir=path / name, version=_version(path / name))
    raise NotMlir(f"{path} is not an MLIR prefix: it has no lib/cmake/mlir/MLIRConfig.cmake")


def _version(library_dir: Path) -> str:
    """The version in which MLIR's and LLVM's CMake packages agree."""
    mlir = _stated(library_dir / "cmake/mlir/MLIRConfig.cmake", _LLVM_VERSION)
    llvm = _stated(library_dir / "cmake/llvm/LLVMConfigVersion.cmake", _PACKAGE_VERSION)
    if mlir != llvm:
        raise BadPrefix(f"{library_dir.parent} is a mixture: its MLIR is {mlir}, its LLVM {llvm}")
    return mlir


def _stated(file: Path, pattern: re.Pattern[str]) -> str:
    found = pattern.search(_text(file))
    if found is None:
        raise BadPrefix(f"{file} is damaged: it does not say its version")
    # A release candidate is 23.1.0-rc1 here and 23.1.0rc1 in Python.
    return _CANDIDATE_MARK.sub("", found[1])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadPrefix(f"{file} cannot be read ({error.strerror})") from None


def check_contents(prefix: Prefix, *, tools: Sequence[str] = _TOOLS) -> None:
    """See that everything is there that bindings are built from and tested with.

    Args:
        prefix: where to look.
        tools: the programs that it must have, by default those of builds and of tests.

    Raises:
        BadPrefix: something is missing; it is named.
    """
    if not (prefix.library_dir / "cmake/mlir/MLIRTargets.cmake").is_file():
        raise BadPrefix(f"{prefix.path} is damaged: lib/cmake/mlir/MLIRTargets.cmake is missing")
    listed = _C_API.search(_text(prefix.config))
    if listed is None:
        raise BadPrefix(f"the MLIR in {prefix.path} has no C API: {prefix.config} lists no libraries of it")
    missing = [name for name in listed[1].split(";") if not _has_library(prefix.library_dir, name)]
    if missing:
        raise BadPrefix(f"the MLIR in {prefix.path} has no complete C API: {_few(missing)} missing")
    # which() knows what is executable here, and Windows' suffixes.
    absent = [tool for tool in tools if shutil.which(tool, path=str(prefix.tools_dir)) is None]
    if absent:
        raise BadPrefix(f"{prefix.tools_dir} does not have {', '.join(absent)}")
    lost = [name for name in (*_HEADERS, *_exported(prefix.library_dir)) if not (prefix.path / name).exists()]
    if lost:
        raise BadPrefix(f"{prefix.path} is damaged: {_few(lost)} missing")


def _exported(library_dir: Path) -> list[str]:
    """The files that the CMake packages want, seen from the prefix."""
    files = [file for pattern in _EXPORTS for file in sorted(library_dir.glob(pattern))]
    lists = [found for file in files for found in _WANTED.findall(_text(file))]
    return [name for found in lists for name in _WANTED_FILE.findall(found)]


def _few(names: list[str]) -> str:
    verb = "is" if len(names) == 1 else "are"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} {verb}"


def _has_library(library_dir: Path, name: str) -> bool:
    """Whether a library is there as an archive or as the objects that aggregates are linked from."""
    archived = any((library_dir / archive).is_file() for archive in _archives(name))
    return archived or any(library_dir.glob(f"objects-*/obj.{name}"))


def _archives(name: str) -> tuple[str, str]:
    """How a static library is called by Unix and by Windows."""
    return f"lib{name}.a", f"{name}.lib"


def content(prefix: Prefix) -> str:
    """A key that changes when another MLIR is installed in the same folder."""
    libraries = [form for name in _TELLTALE_LIBRARIES for form in _archives(name)]
    files = [prefix.library_dir / name for name in (*_TELLTALES, *libraries)]
    stats = {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()}
    return content_key({"prefix": str(prefix.path), "version": prefix.version, "files": stats})
