"""Every dialect of the wheel parses, verifies and prints; every module that goes with one can be imported.

``snippets/DIALECT.mlir`` holds a little of each. A registered dialect without a file fails, and so does a
file whose dialect is not registered.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import mlir
import pytest
from mlir import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

_SNIPPETS = Path(__file__).parent / "snippets"
# Upstream generates it with the builders of arith's enumerations, and imports it nowhere.
_CLASHES_WITH_ARITH = "mlir.dialects._affine_enum_gen"
# Registered dialects for which upstream makes no Python module.
_WITHOUT_MODULE = frozenset(
    {
        "amx",
        "arm_neon",
        "arm_sme",
        "arm_sve",
        "dlti",
        "mpi",
        "pdl_interp",
        "ptr",
        "vcix",
        "wasmssa",
        "x86vector",
        "xegpu",
        "xevm",
    }
)
# Where the module of a dialect is not named like it: `async` is a keyword, the others are upstream's choice.
_MODULES = {"acc": "openacc", "async": "async_dialect", "omp": "openmp"}


def _registered() -> list[str]:
    """The dialects of a fresh context; MLIR lists them only when it does not know one."""
    with ir.Context(), pytest.raises(ir.MLIRError) as raised:
        ir.Module.parse("no_such_dialect.op")
    found = re.search(r"Available dialects: ([^;]*?) ;", str(raised.value))
    assert found, raised.value
    return found[1].split(", ")


_DIALECTS = _registered()


def _operations(operation: ir.Operation) -> Iterator[ir.Operation]:
    for region in operation.regions:
        for block in region:
            for child in block:
                yield child.operation
                yield from _operations(child.operation)


def test_each_dialect_has_a_snippet() -> None:
    assert sorted(path.stem for path in _SNIPPETS.glob("*.mlir")) == sorted(_DIALECTS)


@pytest.mark.parametrize("name", _DIALECTS)
def test_dialect_is_loaded_into_each_context(context: ir.Context, name: str) -> None:
    assert context.dialects[name].descriptor.namespace == name


@pytest.mark.parametrize("name", _DIALECTS)
@pytest.mark.usefixtures("context")
def test_text_comes_back(name: str) -> None:
    module = ir.Module.parse((_SNIPPETS / f"{name}.mlir").read_text(encoding="utf-8"))
    assert module.operation.verify()
    used = {operation.name.split(".")[0] for operation in _operations(module.operation)}
    # dlti has no operations that stand alone: it is attributes.
    assert name in used or f"#{name}." in str(module)
    for generic in (False, True):
        printed = module.operation.get_asm(print_generic_op_form=generic)
        assert ir.Module.parse(printed).operation.get_asm(print_generic_op_form=generic) == printed


@pytest.mark.parametrize("name", _DIALECTS)
@pytest.mark.usefixtures("context")
def test_bytecode_comes_back(name: str, tmp_path: Path) -> None:
    module = ir.Module.parse((_SNIPPETS / f"{name}.mlir").read_text(encoding="utf-8"))
    written = tmp_path / "module.mlirbc"
    with written.open("wb") as stream:
        module.operation.write_bytecode(stream)
    assert str(ir.Module.parse(written.read_bytes())) == str(module)


@pytest.mark.parametrize("name", _DIALECTS)
def test_dialect_has_its_python_module(name: str) -> None:
    found = importlib.util.find_spec(f"mlir.dialects.{_MODULES.get(name, name)}")
    assert (found is not None) == (name not in _WITHOUT_MODULE)


def _modules() -> list[str]:
    """All modules, also those in folders without ``__init__.py``, which pkgutil passes over."""
    (package,) = map(Path, mlir.__path__)
    parts = (path.relative_to(package.parent).with_suffix("").parts for path in package.rglob("*.py"))
    names = sorted(".".join(part for part in path if part != "__init__") for path in parts)
    names.remove(_CLASHES_WITH_ARITH)
    return names


_MODULE_NAMES = _modules()
_GENERATED = [name for name in _MODULE_NAMES if name.endswith("_ops_gen")]


@pytest.mark.parametrize("name", _MODULE_NAMES)
def test_module_can_be_imported(name: str) -> None:
    importlib.import_module(name)


def test_the_module_that_clashes_still_does() -> None:
    importlib.import_module("mlir.dialects.arith")
    with pytest.raises(RuntimeError, match="already registered"):
        importlib.import_module(_CLASHES_WITH_ARITH)


@pytest.mark.parametrize("name", _GENERATED)
def test_generated_operations_are_those_of_the_library(context: ir.Context, name: str) -> None:
    # The modules are made from the source tree and the library from the SDK: they must be of one version.
    operations = [
        value.OPERATION_NAME
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, ir.OpView) and hasattr(value, "OPERATION_NAME")
    ]
    assert operations
    assert [each for each in operations if not context.is_registered_operation(each)] == []
