"""What LLVM's CMake is told, and what of its build is kept: facts, no work.

The variables are those of llvm/CMakeLists.txt, mlir/CMakeLists.txt and
llvm/docs/BuildingADistribution.rst of LLVM 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release import platform_settings

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.toolchain import Toolchain

# The processors that code is generated for: the machine's own, and the GPUs that MLIR's users compile for.
DEFAULT_TARGETS = ("host", "NVPTX", "AMDGPU")
# Everything that the distributions and the whole of mlir/test need; what these need of LLVM follows.
_EVERYTHING = (
    "tools/mlir/all",
    "check-mlir-build-only",
    "MLIRUnitTests",
    "llvm-config",
    "llvm-tblgen",
    "llc",
    "lli",
    "opt",
    "FileCheck",
    "count",
    "not",
    "split-file",
)
# Components beside the libraries and programs that are built (llvm/docs/BuildingADistribution.rst).
_HEADERS_AND_CMAKE = ("llvm-headers", "cmake-exports", "mlir-headers", "mlir-cmake-exports")
# Would tie the result to libraries of the machine that it is built on; what else would is in ``outside``.
_FOREIGN = ("LIBXML2", "ZSTD", "ZLIB", "TERMINFO", "LIBEDIT", "Z3_SOLVER", "CURL", "HTTPLIB", "LIBPFM")
# Parts of LLVM's build that nothing here needs.
_LEFT_OUT = ("INCLUDE_BENCHMARKS", "INCLUDE_DOCS", "INCLUDE_EXAMPLES", "ENABLE_BINDINGS")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is built: LLVM's names of processors, assertions or none, CMake's targets.

    Installed is what these needed, and ``components`` besides.
    """

    llvm_targets: tuple[str, ...] = DEFAULT_TARGETS
    assertions: bool = False
    cmake_targets: tuple[str, ...] = _EVERYTHING
    components: tuple[str, ...] = _HEADERS_AND_CMAKE

    def settings(self) -> dict[str, str]:
        """The CMake variables that the content of the result depends on."""
        return {
            "CMAKE_BUILD_TYPE": "Release",
            "CMAKE_POSITION_INDEPENDENT_CODE": "ON",
            "CMAKE_C_VISIBILITY_PRESET": "hidden",
            "CMAKE_CXX_VISIBILITY_PRESET": "hidden",
            "CMAKE_VISIBILITY_INLINES_HIDDEN": "ON",
            # Versioned names are links, which wheels do not have.
            "CMAKE_PLATFORM_NO_VERSIONED_SONAME": "ON",
            "LLVM_ENABLE_PROJECTS": "mlir",
            "LLVM_TARGETS_TO_BUILD": ";".join(self.llvm_targets),
            "LLVM_ENABLE_ASSERTIONS": _switch(on=self.assertions),
            "LLVM_INSTALL_UTILS": "ON",
            "MLIR_INSTALL_AGGREGATE_OBJECTS": "ON",
            # The release records the commit; git would be asked about whatever encloses the folder.
            "LLVM_APPEND_VC_REV": "OFF",
            **{f"LLVM_ENABLE_{library}": "OFF" for library in _FOREIGN},
            **{f"LLVM_{part}": "OFF" for part in _LEFT_OUT},
        }

    def parts(self) -> dict[str, Any]:
        """The same for a content key."""
        return {"settings": self.settings(), "targets": [*self.cmake_targets, *self.components]}


def tool_settings(
    toolchain: Toolchain, *, python: str, launcher: Path | None, link_jobs: int
) -> dict[str, str]:
    """The CMake variables that say with what, and for which system, it is built.

    What of them the content depends on is in the toolchain's key.

    Args:
        toolchain: compilers and linker.
        python: the interpreter that runs LLVM's own scripts.
        launcher: a compiler cache, if there is one.
        link_jobs: how many links may run at once.
    """
    settings = {
        "CMAKE_C_COMPILER": toolchain.cc.as_posix(),
        "CMAKE_CXX_COMPILER": toolchain.cxx.as_posix(),
        "LLVM_PARALLEL_LINK_JOBS": str(link_jobs),
        "Python3_EXECUTABLE": python,
        "CMAKE_C_COMPILER_LAUNCHER": launcher.as_posix() if launcher else "",
        "CMAKE_CXX_COMPILER_LAUNCHER": launcher.as_posix() if launcher else "",
        **platform_settings.llvm(toolchain.target),
    }
    if toolchain.linker:
        settings["LLVM_USE_LINKER"] = toolchain.linker
    if launcher:
        # A precompiled header names the folders that it was made in, and builds move: taken from the cache,
        # it would stop the next one ("could not find file … referenced by AST file"). See docs/benchmarks.md.
        settings["CMAKE_DISABLE_PRECOMPILE_HEADERS"] = "ON"
    return settings


def _switch(*, on: bool) -> str:
    return "ON" if on else "OFF"
