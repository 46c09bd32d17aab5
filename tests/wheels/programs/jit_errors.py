"""Make the execution engine fail in a way named by the argument; print what Python sees, and go on."""

import ctypes
import sys

from mlir import ir
from mlir.execution_engine import ExecutionEngine

GOOD = """
llvm.func @_mlir_ciface_answer() -> i64 { %0 = llvm.mlir.constant(42 : i64) : i64 llvm.return %0 : i64 }
"""
UNRESOLVED = """
llvm.func @in_no_library()
llvm.func @_mlir_ciface_answer() { llvm.call @in_no_library() : () -> () llvm.return }
"""


def fail(how: str) -> None:
    """Run into the failure."""
    if how == "not lowered":
        ExecutionEngine(ir.Module.parse("func.func @f() { return }"))
    elif how == "no such library":
        ExecutionEngine(ir.Module.parse(UNRESOLVED), shared_libs=["no-such-folder/library"]).lookup("answer")
    elif how == "unresolved":
        ExecutionEngine(ir.Module.parse(UNRESOLVED)).lookup("answer")
    elif how == "unknown function":
        ExecutionEngine(ir.Module.parse(GOOD)).lookup("question")


with ir.Context():
    try:
        fail(sys.argv[1])
    except RuntimeError as error:
        print(type(error).__name__)
    result = ctypes.c_int64(-1)
    ExecutionEngine(ir.Module.parse(GOOD)).invoke("answer", ctypes.pointer(result))
    print("still works:", result.value)
