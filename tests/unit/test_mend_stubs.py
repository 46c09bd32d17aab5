from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "packaging/mlir-python-bindings/cmake/mend_stubs.py"
LIBS = "mlir/_mlir_libs"
IR = '''\
"""MLIR IR Bindings"""

from collections.abc import Sequence
import enum

class ThreadPool: ...

class TypeID: ...

class DiagnosticInfo: ...

class _OperationBase: ...

class WalkFlag(enum.Flag):
    _boundary_: enum.FlagBoundary = enum.FlagBoundary.KEEP

    ONE = 1

    __str__ = __repr__

class Context:
    def __init__(self) -> None: ...

    def __enter__(self) -> object: ...

class Type:
    static_typeid: _mlir.ir.TypeID = ...

    def get(self, context: _mlir.ir.Context | None = None) -> Any: ...
'''
# LLVM 22 writes names of C++ signatures, 23 those of a package _mlir of its own.
OF_22 = '''\
"""A dialect of 22."""

import mlir

def get(context: Context | None, of: mlir.ir._OperationBase) -> mlir.ir.Type: ...
'''
OF_23 = '''\
"""A dialect of 23."""

import _mlir

import mlir._mlir_libs._mlir.ir

def get(context: _mlir.ir.Context | None = None) -> mlir._mlir_libs._mlir.ir.Type: ...
'''
REWRITE = '''\
"""MLIR Rewrite Bindings"""

import _mlir.ir

def walk(op: _mlir.ir._OperationBase) -> None: ...
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """An installed package of stubs and a release.json."""
    files = {
        f"{LIBS}/_mlir/ir.pyi": IR,
        f"{LIBS}/_mlir/rewrite.pyi": REWRITE,
        f"{LIBS}/_mlir/dialects/gone.pyi": "from .. import nothing\n",
        f"{LIBS}/_mlirOf22.pyi": OF_22,
        f"{LIBS}/_mlirOf23.pyi": OF_23,
        "mlir/release.json": '{"version": "23.1.1"}\n',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "mlir"


def mend(package: Path) -> list[str]:
    """What it prints."""
    command = [sys.executable, "-I", str(PROGRAM), str(package)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.splitlines()


def contents(package: Path) -> dict[str, str]:
    files = (path for path in package.rglob("*") if path.is_file())
    return {path.relative_to(package.parent).as_posix(): path.read_text() for path in files}


def imports(text: str) -> set[str]:
    """``module`` and ``module:name``, for each import."""
    found: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}:{alias.name}" for alias in node.names}
    return found


def test_names_are_imported_from_where_they_are(package: Path) -> None:
    assert mend(package) == []
    mended = contents(package)
    assert json.loads(mended["mlir/release.json"]) == {"version": "23.1.1", "findings": []}
    ours = "mlir._mlir_libs:_mlir"
    assert imports(mended[f"{LIBS}/_mlir/ir.pyi"]) == {"collections.abc:Sequence", "enum", "typing:Any", ours}
    assert imports(mended[f"{LIBS}/_mlir/rewrite.pyi"]) == {ours}
    assert imports(mended[f"{LIBS}/_mlirOf23.pyi"]) == {ours, "mlir._mlir_libs._mlir.ir"}
    extension = "mlir._mlir_libs._mlir.ir"
    assert imports(mended[f"{LIBS}/_mlirOf22.pyi"]) == {extension, "mlir.ir", f"{extension}:Context"}
    # What mlir.ir does not pass on is named where it is.
    assert f"of: {extension}._OperationBase" in mended[f"{LIBS}/_mlirOf22.pyi"]


def test_what_the_package_adds_and_enums_have_is_right(package: Path) -> None:
    mend(package)
    classes = {
        node.name: {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
        for node in ast.parse(contents(package)[f"{LIBS}/_mlir/ir.pyi"]).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes["MLIRError"] == {"__init__"}
    text = contents(package)[f"{LIBS}/_mlir/ir.pyi"]
    assert "def __enter__(self) -> Context: ..." in text
    assert "thread_pool: ThreadPool | None = None" in text
    assert "_boundary_" not in text
    assert "__str__" not in text


def test_a_type_of_cpp_alone_is_any_object(package: Path) -> None:
    stub = package / "_mlir_libs/_mlirOf23.pyi"
    stub.write_text(
        f'{OF_23}\ndef late(a: "MlirSomething", b: "Type", c: str = "MlirText") -> "MlirOther": ...\n'
    )
    assert mend(package) == []
    assert 'def late(a: object, b: "Type", c: str = "MlirText") -> object: ...' in stub.read_text()


def test_stubs_of_modules_that_are_gone_go(package: Path) -> None:
    mend(package)
    assert not (package / "_mlir_libs/_mlir/dialects").exists()


def test_what_resolves_to_nothing_is_a_finding(package: Path) -> None:
    stub = package / "_mlir_libs/_mlirOf23.pyi"
    stub.write_text(f"{OF_23}\ndef late(a: NoSuchType, b: Another, c: Location) -> NoSuchType: ...\n")
    findings = [
        f"{LIBS}/_mlirOf23.pyi: nothing defines {name}" for name in ("Another", "Location", "NoSuchType")
    ]
    assert mend(package) == findings
    assert json.loads((package / "release.json").read_text())["findings"] == findings
    assert "mlir._mlir_libs:_mlir" in imports(stub.read_text())


def test_mending_twice_changes_nothing(package: Path) -> None:
    (package / "_mlir_libs/_mlirOf23.pyi").write_text(f"{OF_23}\nx: NoSuchType\n")
    first = mend(package), contents(package)
    assert (mend(package), contents(package)) == first
