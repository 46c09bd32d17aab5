"""Import packages, each with an LLVM of its own, in the order of the arguments; let each compile and run."""

import ctypes
import importlib
import sys
from typing import Any, Callable

SOURCE = """
func.func @twice(%x: i32) -> i32 attributes {llvm.emit_c_interface} {
  %sum = arith.addi %x, %x : i32
  return %sum : i32
}"""


def with_mlir(_: object) -> int:
    """Compile and run a function of the dialects func and arith."""
    from mlir import ir
    from mlir.execution_engine import ExecutionEngine
    from mlir.passmanager import PassManager

    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(SOURCE)
        PassManager.parse("builtin.module(convert-to-llvm)").run(module.operation)
        given, result = ctypes.c_int32(21), ctypes.c_int32()
        ExecutionEngine(module).invoke("twice", ctypes.pointer(given), ctypes.pointer(result))
        return result.value


WORK: dict[str, Callable[[Any], object]] = {
    "mlir": with_mlir,
    "jax": lambda jax: jax.jit(lambda x: x + x)(21),
    "numba": lambda numba: numba.njit(lambda x: x + x)(21),
    "torch": lambda torch: torch.jit.trace(lambda x: x + x, torch.ones(1))(torch.full((1,), 21)).item(),
}

modules = {package: importlib.import_module(package) for package in sys.argv[1:]}
for package, module in modules.items():
    answer = WORK[package](module)
    assert answer == 42, (package, answer)
print("done")
