# ruff: noqa: F821, TC002 -- reveal_type is for type checkers; the imports are what a user writes
"""A program as a user would write and type check it; what mypy must say to a line is at the end of it."""

from typing import TYPE_CHECKING

from mlir import ir, release
from mlir.execution_engine import ExecutionEngine
from mlir.passmanager import PassManager


def names(module: ir.Module) -> list[str]:
    """The names of the operations at the top of a module."""
    return [operation.operation.name for operation in module.body.operations]


def build() -> ir.Module:
    """A module with one function."""
    module = ir.Module.parse("func.func @answer() -> i32 { %0 = arith.constant 42 : i32 return %0 : i32 }")
    PassManager.parse("builtin.module(canonicalize)").run(module.operation)
    return module


with ir.Context(thread_pool=ir.ThreadPool()) as context, ir.Location.unknown(context):
    built = build()
    print(built, names(built), ir.IntegerType.get_signless(32).width, release.llvm_version)
    try:
        ir.Type.parse("no type")
    except ir.MLIRError as error:
        print(error.error_diagnostics[0].message)
    if TYPE_CHECKING:
        reveal_type(context)  # says: mlir._mlir_libs._mlir.ir.Context
        reveal_type(built.body.arguments)  # says: mlir._mlir_libs._mlir.ir.BlockArgumentList
        reveal_type(ir.UnitAttr.get().type)  # says: mlir._mlir_libs._mlir.ir.Type
        ir.IntegerType.get_signless("wide")  # says: incompatible type "str"
        ExecutionEngine(context)  # says: incompatible type "Context"; expected Module
        names(context)  # says: incompatible type "Context"; expected Module
