"""What LLVM's build is kept from taking of the machine, as its own CMake files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.sdk import outside

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = """\
if(LLVM_ENABLE_LZMA)
  if(LLVM_ENABLE_LZMA STREQUAL FORCE_ON)
    find_package(LibLZMA REQUIRED)
  elseif(NOT LLVM_USE_SANITIZER MATCHES "Memory.*")
    FIND_PACKAGE( LibLZMA )
  endif()
endif()
# find_package(Commented)
find_package(Threads REQUIRED)
if(LLVM_ENABLE_THREADS AND NOT LLVM_ENABLE_TRACING STREQUAL "OFF")
  find_library(TRACING trace)
endif()
"""
_TARGETS = """\
if("NVPTX" IN_LIST LLVM_TARGETS_TO_BUILD)
  find_package(CUDAToolkit)
endif()
if(MLIR_ENABLE_CUDA_RUNNER)
  add_library(runner)
else()
  find_package(tensor-lite)
endif()
"""


def test_all_that_a_tree_looks_for_is_off_but_what_is_allowed(tmp_path: Path) -> None:
    for name, text in (("llvm/cmake/config-ix.cmake", _CONFIG), ("mlir/lib/Target/CMakeLists.txt", _TARGETS)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)

    assert outside.settings(tmp_path) == {
        "CMAKE_DISABLE_FIND_PACKAGE_LibLZMA": "ON",
        "CMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit": "ON",
        "CMAKE_DISABLE_FIND_PACKAGE_tensor-lite": "ON",
        "LLVM_ENABLE_LZMA": "OFF",
        "LLVM_ENABLE_TRACING": "OFF",
    }
