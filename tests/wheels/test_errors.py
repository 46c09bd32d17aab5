"""The errors that a user meets have a type, a place and a reason, and the process goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import pytest
from mlir import ir
from mlir.dialects import arith
from mlir.passmanager import PassManager

if TYPE_CHECKING:
    import subprocess

    RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.usefixtures("context")
def test_parse_error_has_a_place() -> None:
    with pytest.raises(ir.MLIRError) as raised:
        ir.Module.parse("func.func @f() {\n  %0 = arith.constant : i32\n}")
    assert str(raised.value) == (
        'Unable to parse module assembly:\nerror: "-":2:22: expected attribute value'
    )
    (diagnostic,) = raised.value.error_diagnostics
    assert diagnostic.severity == ir.DiagnosticSeverity.ERROR
    assert (diagnostic.location.start_line, diagnostic.location.start_col) == (2, 22)


@pytest.mark.usefixtures("context")
def test_file_that_is_not_there() -> None:
    with pytest.raises(ir.MLIRError, match=r"could not open input file no-such-file\.mlir"):
        ir.Module.parseFile("no-such-file.mlir")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (ir.Type, "i32x", r'"i32x":1:1: expected non-function type'),
        (ir.Attribute, "#nothing", r"undefined symbol alias id 'nothing'"),
        (ir.Module, "no_such_dialect.op", r"Dialect `no_such_dialect' not found"),
        (ir.Module, "func.no_such_op", r"custom op 'func.no_such_op' is unknown"),
    ],
)
@pytest.mark.usefixtures("context")
def test_what_cannot_be_parsed_is_named(kind: type[ir.Module], text: str, message: str) -> None:
    with pytest.raises(ir.MLIRError, match=message):
        kind.parse(text)


@pytest.mark.usefixtures("context")
def test_parsed_module_is_verified() -> None:
    with pytest.raises(ir.MLIRError) as raised:
        ir.Module.parse("func.func @f() -> i32 {\n  return\n}")
    lines = str(raised.value).splitlines()
    assert lines[1].startswith('error: "-":2:3: ')
    assert "has 0 operands, but enclosing function (@f) returns 1" in lines[1]
    assert lines[2].startswith(' note: "-":2:3: see current operation')


@pytest.mark.usefixtures("context")
def test_built_module_is_verified() -> None:
    module = ir.Module.create()
    with ir.InsertionPoint(module.body), ir.Location.file("model.py", 12, 3):
        integer = arith.constant(ir.IntegerType.get_signless(32), 1)
        arith.AddIOp(integer, arith.constant(ir.F32Type.get(), 1.0), results=[integer.type])
    with pytest.raises(
        ir.MLIRError, match="operand #1 must be signless-integer-like, but got 'f32'"
    ) as raised:
        module.operation.verify()
    assert '"model.py":12:3' in str(raised.value)


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (
            "builtin.module(no-such-pass)",
            "'no-such-pass' does not refer to a registered pass or pass pipeline",
        ),
        ("builtin.module(canonicalize{no-such-option=1})", "no such option no-such-option"),
        (
            "builtin.module(canonicalize",
            "expected pass pipeline to be wrapped|missing closing|expected '\\)'",
        ),
        ("canonicalize", "expected pass pipeline to be wrapped with the anchor operation type"),
    ],
)
@pytest.mark.usefixtures("context")
def test_wrong_pipeline(pipeline: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PassManager.parse(pipeline)


@pytest.mark.usefixtures("context")
def test_pass_that_fails() -> None:
    module = ir.Module.parse("""
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
      %0 = tosa.abs %x : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }""")
    with pytest.raises(ir.MLIRError, match='"-":3:12: op was not bufferized'):
        PassManager.parse("builtin.module(one-shot-bufferize)").run(module.operation)


@pytest.mark.usefixtures("context")
def test_pass_manager_of_another_operation() -> None:
    with pytest.raises(ir.MLIRError, match=r"can't run 'func\.func' pass manager on"):
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
    with pytest.raises(RuntimeError, match=r"requires a (Context|Location) but none was provided"):
        work()


def test_missing_location() -> None:
    with ir.Context(), pytest.raises(RuntimeError, match="requires a Location but none was provided"):
        ir.Module.create()


@pytest.mark.usefixtures("context")
def test_wrong_arguments_are_told_with_the_right_ones() -> None:
    wide: Any = "wide"
    with pytest.raises(TypeError, match=r"get_signless\(width: int, context: .*Context.* = None\)"):
        ir.IntegerType.get_signless(wide)


@pytest.mark.usefixtures("context")
def test_wrong_cast() -> None:
    with pytest.raises(ValueError, match=r"Cannot cast type to IntegerType \(from Type\(f32\)\)"):
        ir.IntegerType(ir.F32Type.get())


def test_unknown_names(context: ir.Context) -> None:
    with pytest.raises(IndexError, match="'nothing' not found"):
        context.dialects["nothing"]
    with pytest.raises(KeyError):
        ir.Module.create().operation.attributes["nothing"]


@pytest.mark.usefixtures("context")
def test_erased_operation() -> None:
    module = ir.Module.parse("func.func private @f()")
    operation = module.body.operations[0]
    operation.erase()
    with pytest.raises(RuntimeError, match="the operation has been invalidated"):
        str(operation)


@pytest.mark.parametrize(
    ("how", "seen", "logged"),
    [
        ("not lowered", "Failure while creating the ExecutionEngine", "cannot be converted to LLVM IR"),
        ("no such library", "Unknown function answer", "no-such-folder"),
        ("unresolved", "Unknown function answer", "Symbols not found: [ in_no_library ]"),
        ("unknown function", "Unknown function question", ""),
    ],
)
def test_execution_engine_fails_and_python_goes_on(
    run_program: RunProgram, how: str, seen: str, logged: str
) -> None:
    ended = run_program("jit_errors", how)
    assert ended.returncode == 0, ended.stderr
    first, last = ended.stdout.splitlines()
    assert seen in first
    assert logged in ended.stderr
    assert last == "still works: 42"
