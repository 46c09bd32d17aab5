"""Print a vector and a memref from jitted code. Arguments: paths of the runtime libraries."""

import ctypes
import sys

import numpy as np
from mlir import ir
from mlir.execution_engine import ExecutionEngine
from mlir.passmanager import PassManager
from mlir.runtime import get_unranked_memref_descriptor

with ir.Context():
    module = ir.Module.parse("""
    func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}
    func.func @show(%a: memref<*xf32>) attributes {llvm.emit_c_interface} {
      %v = arith.constant dense<[1, 2, 3]> : vector<3xi32>
      vector.print %v : vector<3xi32>
      %h = arith.constant dense<[0.5, 1.5]> : vector<2xbf16>
      vector.print %h : vector<2xbf16>
      call @printMemrefF32(%a) : (memref<*xf32>) -> ()
      return
    }""")
    passes = "convert-vector-to-scf,convert-scf-to-cf,convert-to-llvm,reconcile-unrealized-casts"
    PassManager.parse(f"builtin.module({passes})").run(module.operation)
    engine = ExecutionEngine(module, shared_libs=sys.argv[1:])
    array = np.array([[1.5, -2], [0, 4]], np.float32)
    engine.invoke("show", ctypes.pointer(ctypes.pointer(get_unranked_memref_descriptor(array))))
