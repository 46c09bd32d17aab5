"""Tiny trees and installations, as far as ``drift`` looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from git_world import version_file
from mlir_release.source.layout import VERSION_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DETECT = "mlir/cmake/modules/MLIRDetectPythonEnv.cmake"
REQUIREMENTS = "mlir/python/requirements.txt"
BINDINGS = "mlir/python/CMakeLists.txt"
MLIR = "mlir/CMakeLists.txt"
TEST = "mlir/test/CAPI/ir.c"
TREE: Mapping[str, str] = {
    VERSION_FILE: version_file("22.1.8"),
    DETECT: "set(MLIR_MINIMUM_PYTHON_VERSION 3.10)\n",
    REQUIREMENTS: "# RUN\nnumpy>=1.19.5, <=2.1.2\nnanobind>=2.9\n",
    MLIR: 'project(mlir)\noption(MLIR_ENABLE_X "x" OFF)\nset(MLIR_Y "a" CACHE STRING "y")\nset(MLIR_Z 1)\n',
    "mlir/test/lit.site.cfg.py.in": "config.host_os = @HOST_OS@\n",
    "mlir/cmake/modules/MLIRConfig.cmake.in": "set(MLIR_CMAKE_DIR @X@)\n",
    "llvm/cmake/modules/LLVMConfig.cmake.in": "set(LLVM_VERSION_MAJOR @X@)\n",
    "llvm/cmake/modules/CMakeLists.txt": "",
    BINDINGS: """
declare_mlir_dialect_python_bindings(
  TD_FILE dialects/AffineOps.td # the first
  DIALECT_NAME affine)
declare_mlir_dialect_extension_python_bindings(DIALECT_NAME transform EXTENSION_NAME loop_transform)
declare_mlir_python_extension(MLIRPythonExtension.Core MODULE_NAME _mlir)
""",
    "mlir/lib/IR/CMakeLists.txt": "add_mlir_library(MLIRIR Attributes.cpp)\n",
    "llvm/lib/Target/X86/CMakeLists.txt": "add_llvm_target(X86CodeGen X.cpp)\n",
    "llvm/tools/llc/CMakeLists.txt": "if(ON)\nadd_llvm_tool(llc llc.cpp)\nendif()\n",
    TEST: "// RUN: mlir-capi-ir-test\n",
}


def write(folder: Path, files: Mapping[str, str | None]) -> Path:
    """A tree with these files on top of ``TREE``'s; what is None is left out."""
    for name, text in ({**TREE, **files}).items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    return folder


def install(
    folder: Path, *, version: str = "24.0.0", targets: str = "", settings: str = "", lowest: str = "3.10"
) -> Path:
    """An installed MLIR's CMake packages, with libraries and settings."""
    libraries = "".join(f"add_library({name} STATIC IMPORTED)\n" for name in targets.split())
    files = {
        "mlir/MLIRConfig.cmake": f"set(LLVM_VERSION {version})\n",
        "mlir/MLIRTargets.cmake": f"add_executable(mlir-opt IMPORTED)\n{libraries}",
        "mlir/MLIRDetectPythonEnv.cmake": f"set(MLIR_MINIMUM_PYTHON_VERSION {lowest})\n",
        "llvm/LLVMConfigVersion.cmake": f'set(PACKAGE_VERSION "{version}")\n',
        "llvm/LLVMConfig.cmake": settings,
        "llvm/LLVMExports.cmake": 'set(X "\\$<LINK_ONLY:z>")\nadd_library(LLVMX86CodeGen STATIC IMPORTED)\n',
    }
    for name, text in files.items():
        (folder / "lib/cmake" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "lib/cmake" / name).write_text(text)
    return folder
