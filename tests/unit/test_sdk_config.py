"""What the SDK's wheels make of LLVMConfig.cmake and MLIRConfig.cmake."""

from __future__ import annotations

from typing import Any

import pytest

from sdk_exports import LLVM, MLIR, code, decide

cmake_file, config = map(code, ("cmake_file", "config"))
UnknownForm = cmake_file.UnknownForm

CONFIG = """\
# This file allows users to call find_package(MLIR) and pick up our targets.
set(LLVM_VERSION 22.1.8)
find_package(LLVM ${LLVM_VERSION} EXACT REQUIRED CONFIG
             HINTS "${MLIR_INSTALL_PREFIX}/lib/cmake/llvm")

set(MLIR_EXPORTED_TARGETS "mlir-tblgen;mlir-opt;MLIRIR;MLIRTestDialect")
set(LLVM_AVAILABLE_LIBS LLVMSupport;LLVMCore;LLVMDiff;LLVMNeverBuilt)
set(MLIR_TABLEGEN_EXE "mlir-tblgen")

set_property(GLOBAL PROPERTY MLIR_ALL_LIBS "MLIRIR;MLIRTestDialect")
set_property(GLOBAL PROPERTY LLVMBUILD_LIB_DEPS_LLVMDiff LLVMCore)
set_property(GLOBAL PROPERTY LLVMBUILD_LIB_DEPS_LLVMNeverBuilt LLVMCore)
"""


def configured(text: str, changes: dict[str, Any] | None = None) -> Any:
    exported = {target.name for target in [*LLVM, *MLIR]}
    return config.filtered(cmake_file.parse(text), decide(LLVM, MLIR), exported, changes or {})


def test_a_configs_lists_have_what_is_shipped() -> None:
    text = configured(CONFIG).text()

    assert 'MLIR_EXPORTED_TARGETS "mlir-tblgen;MLIRIR"' in text
    assert 'LLVM_AVAILABLE_LIBS "LLVMSupport;LLVMCore"' in text
    assert 'MLIR_ALL_LIBS "MLIRIR"' in text
    assert "LLVMDiff" not in text
    assert "LLVMNeverBuilt" not in text


def test_a_config_gets_a_further_hint() -> None:
    changes = {"find_package LLVM": config.with_hint("${HERE}/../llvm_sdk")}

    text = configured(CONFIG, changes).text()

    assert 'HINTS "${MLIR_INSTALL_PREFIX}/lib/cmake/llvm" "${HERE}/../llvm_sdk")' in text


def test_a_change_to_a_command_that_is_not_there_is_refused() -> None:
    changes = {"set MLIR_INSTALL_AGGREGATE_OBJECTS": config.replaced_by("set(A ON)")}

    with pytest.raises(UnknownForm, match="MLIR_INSTALL_AGGREGATE_OBJECTS, found: none"):
        configured(CONFIG, changes)


def test_a_config_that_names_what_is_left_out_in_another_way_is_refused() -> None:
    with pytest.raises(UnknownForm, match="MLIRTestDialect is left out, but named by"):
        configured(CONFIG + "set(MLIR_FAVOURITE MLIRTestDialect)\n")
