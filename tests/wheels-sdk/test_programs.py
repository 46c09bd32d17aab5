"""The programs that builds call: each runs, and does what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import llvm_sdk
import mlir_sdk
import pytest

Run = Callable[..., Any]
_INCLUDE = mlir_sdk.prefix() / "include"
_LLVM = llvm_sdk.prefix() / "bin"
_MLIR = mlir_sdk.prefix() / "bin"
_DIALECT = """\
include "mlir/IR/OpBase.td"
def Tiny_Dialect : Dialect { let name = "tiny"; let cppNamespace = "::tiny"; }
def Tiny_Op : Op<Tiny_Dialect, "nothing"> { let arguments = (ins I32:$x); }
"""
_PATTERNS = """\
Pattern Remove => erase op<tiny.nothing>;
"""
_IRDL = """\
irdl.dialect @tiny {
  irdl.type @thing
}
"""
_YAML = """\
--- !LinalgOpConfig
metadata: !LinalgOpMetadata
  name: twice
  cpp_class_name: TwiceOp
structured_op: !LinalgStructuredOpConfig
  args:
  - !LinalgOperandDefConfig
    name: I
    kind: input_tensor
    type_var: T1
    shape_map: affine_map<() -> ()>
  - !LinalgOperandDefConfig
    name: O
    kind: output_tensor
    type_var: T1
    shape_map: affine_map<() -> ()>
  indexing_maps: !LinalgIndexingMapsConfig
    static_indexing_maps:
    - affine_map<() -> ()>
    - affine_map<() -> ()>
  iterator_types: []
  assignments:
  - !ScalarAssign
    arg: O
    value: !ScalarExpression
      scalar_arg: I
"""


@pytest.fixture
def generated(run: Run, tmp_path: Path) -> Callable[..., str]:
    """What a program makes of a text."""

    def generate(program: str, text: str, *options: object) -> str:
        (tmp_path / "input").write_text(text)
        return str(run(_MLIR / program, *options, "input").stdout)

    return generate


def test_mlir_tblgen(generated: Callable[..., str]) -> None:
    assert "class TinyDialect : public ::mlir::Dialect" in generated(
        "mlir-tblgen", _DIALECT, "-gen-dialect-decls", "-dialect=tiny", "-I", _INCLUDE
    )


def test_mlir_pdll(generated: Callable[..., str]) -> None:
    assert "pdl.pattern @Remove" in generated("mlir-pdll", _PATTERNS, "-x=mlir")


def test_mlir_linalg_ods_yaml_gen(generated: Callable[..., str]) -> None:
    assert "TwiceOp" in generated("mlir-linalg-ods-yaml-gen", _YAML, "-o-ods-decl=-")


def test_mlir_src_sharder(generated: Callable[..., str]) -> None:
    assert "#define GET_OP_DEFS_0" in generated("mlir-src-sharder", "// nothing\n", "-op-shard-index=0")


def test_mlir_irdl_to_cpp(generated: Callable[..., str]) -> None:
    assert "class thing" in generated("mlir-irdl-to-cpp", _IRDL).lower()


def test_tblgen_to_irdl(generated: Callable[..., str]) -> None:
    options = ("-gen-dialect-irdl-defs", "-dialect=tiny", "-I", _INCLUDE)

    assert "irdl.dialect @tiny" in generated("tblgen-to-irdl", _DIALECT, *options)


def test_llvm_tblgen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "input").write_text("def A { int Number = 1; }")

    assert "int Number = 1;" in run(_LLVM / "llvm-tblgen", "input").stdout


def test_filecheck_count_and_not(run: Run, tmp_path: Path) -> None:
    (tmp_path / "check").write_text("CHECK: two\n")

    run(_LLVM / "FileCheck", "check", input="one two\n")
    run(_LLVM / "not", _LLVM / "FileCheck", "check", input="three\n")
    run(_LLVM / "count", "2", input="one\ntwo\n")


def test_split_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "input").write_text("#--- a\none\n#--- b\ntwo\n")

    run(_LLVM / "split-file", "input", "parts")

    assert (tmp_path / "parts" / "b").read_text() == "two\n"


def test_llvm_config_knows_where_it_is(run: Run) -> None:
    def asked(*questions: str) -> str:
        return str(run(_LLVM / "llvm-config", *questions).stdout).strip()

    assert asked("--version") == mlir_sdk.release()["llvm_version"]
    assert Path(asked("--prefix")).resolve() == llvm_sdk.prefix()
    libraries = asked("--link-static", "--libfiles", "core").split()
    assert libraries
    assert all(Path(library).is_file() for library in libraries)
