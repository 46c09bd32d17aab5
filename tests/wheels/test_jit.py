"""Functions compiled through the execution engine give numpy's numbers."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import ml_dtypes
import numpy as np
import pytest
from mlir import ir, release
from mlir.execution_engine import ExecutionEngine
from mlir.passmanager import PassManager
from mlir.runtime import (
    get_ranked_memref_descriptor,
    make_nd_memref_descriptor,
    ranked_memref_to_numpy,
)
from mlir.runtime.np_to_memref import as_ctype

if TYPE_CHECKING:
    import subprocess

    RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.usefixtures("context")

_SUFFIX = {"linux": ".so", "darwin": ".dylib", "win32": ".dll"}[sys.platform]
_TO_LLVM = (
    "convert-linalg-to-loops",
    "lower-affine",
    "convert-scf-to-cf",
    "expand-strided-metadata",
    "convert-math-to-llvm",
    "convert-arith-to-llvm",
    "finalize-memref-to-llvm",
    "convert-func-to-llvm",
    "convert-cf-to-llvm",
    "reconcile-unrealized-casts",
)
_ASYNC_TO_LLVM = ("async-to-async-runtime", "func.func(async-runtime-ref-counting)", "convert-async-to-llvm")
_RUNTIME_LIBRARIES = (
    "mlir_runner_utils",
    "mlir_c_runner_utils",
    "mlir_async_runtime",
    "mlir_float16_utils",
    # Upstream does not build this one for Windows.
    *(() if sys.platform == "win32" else ("mlir_apfloat_wrappers",)),
)
_SEED = 20260622


def _library(name: str) -> str:
    prefix = "" if sys.platform == "win32" else "lib"
    return str(Path(release.get_lib_dir()) / f"{prefix}{name}{_SUFFIX}")


def _engine(source: str, *libraries: str, before: tuple[str, ...] = ()) -> ExecutionEngine:
    """The source compiled to machine code, and linked to those of the wheel's runtime libraries."""
    module = ir.Module.parse(source)
    PassManager.parse(f"builtin.module({','.join((*before, *_TO_LLVM))})").run(module.operation)
    return ExecutionEngine(module, opt_level=2, shared_libs=[_library(name) for name in libraries])


def _memref(array: np.ndarray[Any, Any]) -> Any:
    """An array as an argument of a jitted function."""
    return ctypes.pointer(ctypes.pointer(get_ranked_memref_descriptor(array)))


@pytest.mark.parametrize(
    ("library", "function"),
    [
        # Both are hidden in an unpatched build with hidden visibility.
        ("mlir_c_runner_utils", "_mlir_ciface_getSparseTensorReaderReadToBuffers0F64"),
        ("mlir_float16_utils", "__truncsfbf2"),
    ],
)
def test_functions_that_jitted_code_calls_are_exported(library: str, function: str) -> None:
    assert getattr(ctypes.CDLL(_library(library)), function)


def _elementwise(kind: str, operation: str) -> str:
    return f"""
    func.func @apply(%a: memref<?x{kind}>, %b: memref<?x{kind}>, %c: memref<?x{kind}>)
        attributes {{llvm.emit_c_interface}} {{
      linalg.generic {{
        indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]
      }} ins(%a, %b : memref<?x{kind}>, memref<?x{kind}>) outs(%c : memref<?x{kind}>) {{
      ^bb0(%x: {kind}, %y: {kind}, %z: {kind}):
        %r = {operation} %x, %y : {kind}
        linalg.yield %r : {kind}
      }}
      return
    }}"""


@pytest.mark.parametrize("width", [8, 16, 32, 64])
@pytest.mark.parametrize("operation", ["addi", "subi", "muli"])
def test_integers_wrap_like_numpys(operation: str, width: int) -> None:
    kind = np.dtype(f"int{width}")
    bounds = np.iinfo(kind)
    numbers = np.random.default_rng(_SEED)
    a, b = (numbers.integers(bounds.min, bounds.max, 33, dtype=kind, endpoint=True) for _ in range(2))
    c = np.zeros_like(a)
    _engine(_elementwise(f"i{width}", f"arith.{operation}")).invoke("apply", *map(_memref, (a, b, c)))
    expected = {"addi": np.add, "subi": np.subtract, "muli": np.multiply}[operation](a, b)
    np.testing.assert_array_equal(c, expected)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("f16", np.float16),
        ("f32", np.float32),
        ("f64", np.float64),
        ("bf16", ml_dtypes.bfloat16),
    ],
)
@pytest.mark.parametrize("operation", ["addf", "mulf", "divf"])
def test_floats_are_rounded_like_numpys(operation: str, name: str, kind: Any) -> None:
    numbers = np.random.default_rng(_SEED)
    a, b = (numbers.uniform(0.5, 100, 33).astype(kind) for _ in range(2))
    c = np.zeros_like(a)
    engine = _engine(_elementwise(name, f"arith.{operation}"), "mlir_float16_utils")
    engine.invoke("apply", *map(_memref, (a, b, c)))
    expected = {"addf": np.add, "mulf": np.multiply, "divf": np.divide}[operation](a, b)
    assert c.dtype == expected.dtype
    np.testing.assert_array_equal(c, expected)


def test_float8_passes_through_a_memref() -> None:
    a = np.random.default_rng(_SEED).uniform(0.5, 100, 33).astype(ml_dtypes.float8_e5m2)
    b = np.zeros_like(a)
    engine = _engine("""
    func.func @copy(%a: memref<33xf8E5M2>, %b: memref<33xf8E5M2>) attributes {llvm.emit_c_interface} {
      linalg.copy ins(%a : memref<33xf8E5M2>) outs(%b : memref<33xf8E5M2>)
      return
    }""")
    engine.invoke("copy", _memref(a), _memref(b))
    np.testing.assert_array_equal(b, a)


@pytest.mark.parametrize(("name", "kind"), [("f32", np.float32), ("f64", np.float64)])
def test_matmul_on_strided_arrays(name: str, kind: Any) -> None:
    layout = f"{name}, strided<[?, ?], offset: ?>"
    numbers = np.random.default_rng(_SEED)
    a = numbers.uniform(-1, 1, (7, 12)).astype(kind)[::2, ::3]
    b = numbers.uniform(-1, 1, (5, 4)).astype(kind).T
    c = np.zeros((4, 5), kind)
    engine = _engine(f"""
    func.func @matmul(%a: memref<?x?x{layout}>, %b: memref<?x?x{layout}>, %c: memref<?x?x{layout}>)
        attributes {{llvm.emit_c_interface}} {{
      linalg.matmul ins(%a, %b : memref<?x?x{layout}>, memref<?x?x{layout}>) outs(%c : memref<?x?x{layout}>)
      return
    }}""")
    engine.invoke("matmul", *map(_memref, (a, b, c)))
    np.testing.assert_allclose(c, a @ b, rtol=1e-5 if kind is np.float32 else 1e-12, atol=1e-6)


def test_memref_is_returned() -> None:
    numbers = np.arange(12, dtype=np.int64).reshape(3, 4)
    result = make_nd_memref_descriptor(2, as_ctype(numbers.dtype))()
    engine = _engine("""
    func.func @transpose(%a: memref<3x4xi64>) -> memref<4x3xi64> attributes {llvm.emit_c_interface} {
      %b = memref.alloc() : memref<4x3xi64>
      linalg.transpose ins(%a : memref<3x4xi64>) outs(%b : memref<4x3xi64>) permutation = [1, 0]
      return %b : memref<4x3xi64>
    }""")
    engine.invoke("transpose", ctypes.pointer(ctypes.pointer(result)), _memref(numbers))
    np.testing.assert_array_equal(ranked_memref_to_numpy(ctypes.pointer(result)), numbers.T)


def test_scalars_in_and_out() -> None:
    engine = _engine("""
    func.func @hypotenuse(%a: f64, %b: f64) -> f64 attributes {llvm.emit_c_interface} {
      %aa = arith.mulf %a, %a : f64
      %cc = math.fma %b, %b, %aa : f64
      %c = math.sqrt %cc : f64
      return %c : f64
    }""")
    a, b, c = (ctypes.c_double(number) for number in (3.0, 4.0, -1.0))
    engine.invoke("hypotenuse", *map(ctypes.pointer, (a, b, c)))
    assert c.value == 5.0


def test_python_function_is_called() -> None:
    seen: list[int] = []
    note = ctypes.CFUNCTYPE(None, ctypes.c_int64)(seen.append)
    engine = _engine("""
    func.func private @note(i64) attributes {llvm.emit_c_interface}
    func.func @calls(%a: i64) attributes {llvm.emit_c_interface} {
      %b = arith.addi %a, %a : i64
      call @note(%a) : (i64) -> ()
      call @note(%b) : (i64) -> ()
      return
    }""")
    engine.register_runtime("note", note)
    engine.invoke("calls", ctypes.pointer(ctypes.c_int64(21)))
    assert seen == [21, 42]


def test_object_file_is_written(tmp_path: Path) -> None:
    module = ir.Module.parse("llvm.func @identity(%a: i32) -> i32 { llvm.return %a : i32 }")
    engine = ExecutionEngine(module, enable_object_dump=True)
    engine.raw_lookup("identity")
    written = tmp_path / "identity.o"
    engine.dump_to_object_file(str(written))
    assert b"identity" in written.read_bytes()


@pytest.mark.parametrize("name", _RUNTIME_LIBRARIES)
def test_runtime_library_is_loadable(name: str) -> None:
    ctypes.CDLL(_library(name))


def test_float8_arithmetic_through_apfloat_wrappers() -> None:
    if "mlir_apfloat_wrappers" not in _RUNTIME_LIBRARIES:
        with pytest.raises(RuntimeError):
            _engine(_elementwise("i8", "arith.addi"), "mlir_apfloat_wrappers")
        return
    kind = ml_dtypes.float8_e4m3fn
    numbers = np.random.default_rng(_SEED)
    a, b = (numbers.uniform(0.5, 15, 33).astype(kind) for _ in range(2))
    c = np.zeros_like(a)
    source = _elementwise("i8", "arith.addi").replace(
        "%r = arith.addi %x, %y : i8",
        """%fx = arith.bitcast %x : i8 to f8E4M3FN
        %fy = arith.bitcast %y : i8 to f8E4M3FN
        %fr = arith.addf %fx, %fy : f8E4M3FN
        %r = arith.bitcast %fr : f8E4M3FN to i8""",
    )
    engine = _engine(source, "mlir_apfloat_wrappers", before=("convert-arith-to-apfloat",))
    engine.invoke("apply", *(_memref(array.view(np.int8)) for array in (a, b, c)))
    np.testing.assert_array_equal(c, a + b)


def test_async_runtime_runs_tasks() -> None:
    numbers = np.arange(1, 65, dtype=np.float32)
    squares = np.zeros_like(numbers)
    engine = _engine(
        """
    func.func @squares(%a: memref<?xf32>, %b: memref<?xf32>) attributes {llvm.emit_c_interface} {
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %n = memref.dim %a, %zero : memref<?xf32>
      scf.parallel (%i) = (%zero) to (%n) step (%one) {
        %x = memref.load %a[%i] : memref<?xf32>
        %y = arith.mulf %x, %x : f32
        memref.store %y, %b[%i] : memref<?xf32>
      }
      return
    }""",
        "mlir_async_runtime",
        before=("async-parallel-for{async-dispatch=false num-workers=4 min-task-size=4}", *_ASYNC_TO_LLVM),
    )
    engine.invoke("squares", _memref(numbers), _memref(squares))
    np.testing.assert_array_equal(squares, numbers**2)


def test_sparse_runtime_multiplies() -> None:
    dense = np.diag(np.arange(1.0, 5.0))
    vector = np.array([1.0, 10.0, 100.0, 1000.0])
    zeros = np.zeros(4)
    module = ir.Module.parse("""
    #CSR = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
    func.func @apply(%a: tensor<4x4xf64>, %x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<4xf64>
        attributes {llvm.emit_c_interface} {
      %sparse = sparse_tensor.convert %a : tensor<4x4xf64> to tensor<4x4xf64, #CSR>
      %r = linalg.matvec ins(%sparse, %x : tensor<4x4xf64, #CSR>, tensor<4xf64>)
          outs(%y : tensor<4xf64>) -> tensor<4xf64>
      return %r : tensor<4xf64>
    }""")
    PassManager.parse("builtin.module(sparsifier{enable-runtime-library=true})").run(module.operation)
    engine = ExecutionEngine(module, shared_libs=[_library("mlir_c_runner_utils")])
    result = make_nd_memref_descriptor(1, as_ctype(zeros.dtype))()
    arguments = (_memref(array) for array in (dense, vector, zeros))
    engine.invoke("apply", ctypes.pointer(ctypes.pointer(result)), *arguments)
    np.testing.assert_array_equal(ranked_memref_to_numpy(ctypes.pointer(result)), dense @ vector)


def test_runner_utils_print(run_program: RunProgram) -> None:
    libraries = [_library(name) for name in _RUNTIME_LIBRARIES]
    ended = run_program("print_memref", *libraries)
    assert ended.returncode == 0, ended.stderr
    assert "( 1, 2, 3 )" in ended.stdout  # mlir_c_runner_utils
    assert "( 0.5, 1.5 )" in ended.stdout  # mlir_float16_utils
    assert "sizes = [2, 2] strides = [2, 1]" in ended.stdout
    assert "[[1.5,   -2], \n [0,   4]]" in ended.stdout
