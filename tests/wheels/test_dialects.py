"""Every dialect of the wheel parses, verifies and prints; every module that goes with one can be imported.

What there is to be tested is read from the source tree, and so are the texts: they are those of upstream's
own tests. A dialect for which none is found that works is a finding.
"""

from __future__ import annotations

import ctypes
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import mlir
import pytest
from mlir import ir, release

import upstream
from installed import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    Rewritten = Callable[[ir.Module], ir.Module]

# So many texts that can be parsed are tried with each dialect.
_TEXTS = 5
# So many of upstream's are looked at for them: many need its test dialect, or are wrong on purpose.
_LOOKED_AT = 200

_DIALECTS = upstream.dialects()
each_dialect = pytest.mark.parametrize("name", _DIALECTS)


def test_the_dialects_are_those_of_the_tree(registered: int) -> None:
    if registered != len(_DIALECTS):
        finding(f"MLIR registers {registered} dialects, and its headers define {len(_DIALECTS)}")


@pytest.fixture
def registered(context: ir.Context) -> int:
    """How many dialects a context has."""
    (path,) = (path for path in Path(release.get_lib_dir()).iterdir() if "MLIRPythonCAPI." in path.name)
    count = ctypes.CDLL(str(path)).mlirContextGetNumRegisteredDialects
    count.argtypes, count.restype = [ctypes.c_void_p], ctypes.c_ssize_t
    unwrap = ctypes.pythonapi.PyCapsule_GetPointer
    unwrap.argtypes, unwrap.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    number: int = count(unwrap(context._CAPIPtr, b"mlir.ir.Context._CAPIPtr"))  # noqa: SLF001 -- upstream's
    return number


@each_dialect
def test_dialect_is_loaded_into_each_context(context: ir.Context, name: str) -> None:
    assert context.dialects[name].descriptor.namespace == name


def _operations(operation: ir.Operation) -> Iterator[ir.Operation]:
    yield operation
    for region in operation.regions:
        for block in region:
            for child in block:
                yield from _operations(child.operation)


def _uses(module: ir.Module, dialect: str) -> bool:
    """Whether an operation, or an attribute or a type, is of the dialect."""
    names = {operation.name.partition(".")[0] for operation in _operations(module.operation)}
    return dialect in names or any(f"{sign}{dialect}." in str(module) for sign in "#!")


def _parsed(text: str) -> ir.Module | None:
    try:
        return ir.Module.parse(text)
    except ir.MLIRError:
        return None


@cache
def _texts(dialect: str) -> list[str]:
    """The first texts of upstream's that this MLIR takes."""
    found: list[str] = []
    with ir.Context():
        for text in upstream.texts(dialect)[:_LOOKED_AT]:
            module = _parsed(text)
            if module and _uses(module, dialect):
                found.append(text)
            if len(found) == _TEXTS:
                break
    return found


def _comes_back(text: str, rewritten: Rewritten) -> bool:
    with ir.Context():
        module = ir.Module.parse(text)
        assert module.operation.verify()
        try:
            return str(rewritten(module)) == str(module)
        except ir.MLIRError:
            return False


def _check_that_one_comes_back(dialect: str, rewritten: Rewritten, how: str) -> None:
    texts = _texts(dialect)
    if not any(_comes_back(text, rewritten) for text in texts):
        finding(f"dialect {dialect}: of {len(texts)} texts of upstream's tests, none comes back from {how}")


@pytest.mark.parametrize("generic", [False, True], ids=["pretty", "generic"])
@each_dialect
def test_text_comes_back(name: str, *, generic: bool) -> None:
    def printed(module: ir.Module) -> ir.Module:
        return ir.Module.parse(module.operation.get_asm(print_generic_op_form=generic))

    _check_that_one_comes_back(name, printed, "generic text" if generic else "text")


@each_dialect
def test_bytecode_comes_back(name: str, tmp_path: Path) -> None:
    def written(module: ir.Module) -> ir.Module:
        file = tmp_path / "module.mlirbc"
        with file.open("wb") as stream:
            module.operation.write_bytecode(stream)
        return ir.Module.parse(file.read_bytes())

    _check_that_one_comes_back(name, written, "bytecode")


(_PACKAGE,) = map(Path, mlir.__path__)


@pytest.mark.parametrize("name", upstream.python_files())
def test_upstreams_file_is_there(name: str) -> None:
    assert (_PACKAGE / name).is_file()


@pytest.mark.parametrize("name", upstream.python_dialects())
def test_dialect_has_its_python_module(name: str) -> None:
    importlib.import_module(f"mlir.dialects._{name}_ops_gen")


def _modules() -> list[str]:
    """All modules, also those in folders without ``__init__.py``, which pkgutil passes over."""
    parts = (path.relative_to(_PACKAGE.parent).with_suffix("").parts for path in _PACKAGE.rglob("*.py"))
    return sorted(".".join(part for part in path if part != "__init__") for path in parts)


_MODULE_NAMES = _modules()


@pytest.mark.parametrize("name", _MODULE_NAMES)
def test_module_can_be_imported(name: str) -> None:
    try:
        importlib.import_module(name)
    except RuntimeError:
        # Two modules of upstream's register the same builder (_affine_enum_gen and arith's, on LLVM 22):
        # either can be used, not both.
        subprocess.run([sys.executable, "-I", "-c", f"import {name}"], check=True, timeout=60)


@pytest.mark.parametrize("name", [name for name in _MODULE_NAMES if name.endswith("_ops_gen")])
def test_generated_operations_are_those_of_the_library(context: ir.Context, name: str) -> None:
    # The modules are made from the source tree and the library from the SDK: they must be of one version.
    operations = [
        value.OPERATION_NAME
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, ir.OpView) and hasattr(value, "OPERATION_NAME")
    ]
    assert operations
    assert [each for each in operations if not context.is_registered_operation(each)] == []
