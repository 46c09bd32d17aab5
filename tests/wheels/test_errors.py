"""The errors that a user meets have a type and a place, and the process goes on.

What they say in words is upstream's, and changes from release to release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from mlir import ir
from mlir.dialects import arith
from mlir.passmanager import PassManager

if TYPE_CHECKING:
    import subprocess

    RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


def _place(diagnostic: ir.DiagnosticInfo) -> str:
    """As MLIR's syntax has it: ``"FILE":LINE:COLUMN``."""
    return str(diagnostic.location).removeprefix("loc(").removesuffix(")")


@pytest.mark.parametrize(
    ("kind", "text", "place"),
    [
        (ir.Module, "func.func @f() {\n  %0 = arith.constant : i32\n}", '"-":2:22'),
        (ir.Module, "module {\n  no_such_dialect.op\n}", '"-":2:3'),
        (ir.Module, "\n\nfunc.no_such_op", '"-":3:1'),
        (ir.Type, "i32x", '"i32x":1:1'),
        (ir.Attribute, "#nothing", '"#nothing":1:'),
    ],
)
@pytest.mark.usefixtures("context")
def test_what_cannot_be_parsed_has_a_place(kind: type[ir.Module], text: str, place: str) -> None:
    with pytest.raises(ir.MLIRError) as raised:
        kind.parse(text)
    (diagnostic,) = raised.value.error_diagnostics
    assert diagnostic.severity == ir.DiagnosticSeverity.ERROR
    assert _place(diagnostic).startswith(place)
    assert diagnostic.message
    # What is printed is what is known.
    assert diagnostic.message in str(raised.value)
    assert place in str(raised.value)


@pytest.mark.usefixtures("context")
def test_file_that_is_not_there() -> None:
    with pytest.raises(ir.MLIRError, match=r"no-such-file\.mlir"):
        ir.Module.parseFile("no-such-file.mlir")


@pytest.mark.usefixtures("context")
def test_parsed_module_is_verified() -> None:
    with pytest.raises(ir.MLIRError) as raised:
        ir.Module.parse("func.func @f() -> i32 {\n  return\n}")
    (diagnostic,) = raised.value.error_diagnostics
    assert _place(diagnostic) == '"-":2:3'
    (note,) = diagnostic.notes
    assert (note.severity, _place(note)) == (ir.DiagnosticSeverity.NOTE, '"-":2:3')


@pytest.mark.usefixtures("context")
def test_built_module_is_verified() -> None:
    module = ir.Module.create()
    with ir.InsertionPoint(module.body), ir.Location.file("model.py", 12, 3):
        integer = arith.constant(ir.IntegerType.get_signless(32), 1)
        arith.AddIOp(integer, arith.constant(ir.F32Type.get(), 1.0), results=[integer.type])
    with pytest.raises(ir.MLIRError) as raised:
        module.operation.verify()
    assert _place(raised.value.error_diagnostics[0]) == '"model.py":12:3'


@pytest.mark.parametrize(
    "pipeline",
    [
        "builtin.module(no-such-pass)",
        "builtin.module(canonicalize{no-such-option=1})",
        "builtin.module(canonicalize",
        "canonicalize",
    ],
)
@pytest.mark.usefixtures("context")
def test_wrong_pipeline(pipeline: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PassManager.parse(pipeline)


@pytest.mark.usefixtures("context")
def test_pass_that_fails() -> None:
    module = ir.Module.parse("""
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tosa.abs %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }""")
    with pytest.raises(ir.MLIRError) as raised:
        PassManager.parse("builtin.module(one-shot-bufferize)").run(module.operation)
    assert '"-":3:12' in map(_place, raised.value.error_diagnostics)


@pytest.mark.usefixtures("context")
def test_pass_manager_of_another_operation() -> None:
    with pytest.raises(ir.MLIRError):
        PassManager.parse("func.func(canonicalize)").run(ir.Module.create().operation)


@pytest.mark.parametrize(
    "work",
    [
        lambda: ir.Module.parse("module {}"),
        lambda: ir.IntegerType.get_signless(32),
        lambda: PassManager.parse("builtin.module()"),
        lambda: ir.Operation.create("func.return", loc=None),
    ],
)
def test_missing_context(work: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError, match=r"Context|Location"):
        work()


def test_missing_location() -> None:
    with ir.Context(), pytest.raises(RuntimeError, match="Location"):
        ir.Module.create()


@pytest.mark.usefixtures("context")
def test_wrong_arguments_are_told_with_the_right_ones() -> None:
    wide: Any = "wide"
    with pytest.raises(TypeError, match=r"get_signless\(width: int"):
        ir.IntegerType.get_signless(wide)


@pytest.mark.usefixtures("context")
def test_wrong_cast() -> None:
    with pytest.raises(ValueError, match=r"IntegerType.*f32"):
        ir.IntegerType(ir.F32Type.get())


def test_unknown_names(context: ir.Context) -> None:
    with pytest.raises(IndexError, match="nothing"):
        context.dialects["nothing"]
    with pytest.raises(KeyError):
        ir.Module.create().operation.attributes["nothing"]


@pytest.mark.usefixtures("context")
def test_erased_operation() -> None:
    module = ir.Module.parse("func.func private @f()")
    operation = module.body.operations[0]
    operation.erase()
    with pytest.raises(RuntimeError, match=r"."):
        str(operation)


@pytest.mark.parametrize(
    ("how", "logged"),
    [
        ("not lowered", ""),
        ("no such library", "no-such-folder"),
        ("unresolved", "in_no_library"),
        ("unknown function", ""),
    ],
)
def test_execution_engine_fails_and_python_goes_on(run_program: RunProgram, how: str, logged: str) -> None:
    ended = run_program("jit_errors", how)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["RuntimeError", "still works: 42"]
    assert logged in ended.stderr
