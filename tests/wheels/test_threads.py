"""Many threads: each with a context of its own, and one context that is shared as far as MLIR allows."""

from __future__ import annotations

import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import pytest
from mlir import ir
from mlir.dialects import arith, func
from mlir.execution_engine import ExecutionEngine
from mlir.passmanager import PassManager

_THREADS = 8
_ROUNDS = 5
_TO_LLVM = "builtin.module(convert-arith-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts)"


def _in_threads(work: Callable[[int], object]) -> list[object]:
    """What ``work(0)``, ``work(1)``, … give, when they are all begun at the same moment."""
    barrier = threading.Barrier(_THREADS)

    def begin(number: int) -> object:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(begin, range(_THREADS)))


def _build(number: int) -> ir.Module:
    """A function that multiplies by ``2 * number``, in the entered context."""
    module = ir.Module.create()
    integer = ir.IntegerType.get_signless(64)
    with ir.InsertionPoint(module.body):
        function = func.FuncOp("scale", ([integer], [integer]))
        function.attributes["llvm.emit_c_interface"] = ir.UnitAttr.get()
        with ir.InsertionPoint(function.add_entry_block()):
            factor = arith.constant(integer, number)
            twice = arith.addi(factor, factor)
            func.return_([arith.muli(function.arguments[0], twice)])
    return module


def _work(number: int) -> tuple[str, str, int]:
    """Build, print, parse, simplify, compile and call, in a new context."""
    with ir.Context(), ir.Location.unknown():
        built = str(_build(number))
        module = ir.Module.parse(built)
        PassManager.parse("builtin.module(canonicalize,cse)").run(module.operation)
        simplified = str(module)
        PassManager.parse(_TO_LLVM).run(module.operation)
        argument, result = ctypes.c_int64(21), ctypes.c_int64(-1)
        engine = ExecutionEngine(module)
        engine.invoke("scale", ctypes.pointer(argument), ctypes.pointer(result))
        return built, simplified, result.value


def test_each_thread_has_a_context() -> None:
    alone = [_work(number) for number in range(_THREADS)]
    assert [result for _, _, result in alone] == [42 * number for number in range(_THREADS)]
    for _ in range(_ROUNDS):
        assert _in_threads(_work) == alone


def test_entered_contexts_are_those_of_the_thread() -> None:
    def work(_: int) -> bool:
        with ir.Context() as own:
            return ir.Context.current is own

    with ir.Context() as ours:
        assert _in_threads(work) == [True] * _THREADS
        assert ir.Context.current is ours
        assert _in_threads(lambda _: ir.Context.current) == [None] * _THREADS


def test_one_context_is_shared() -> None:
    # A multi-threaded context makes types, attributes and operations on many threads.
    shared = ir.Context()

    def work(number: int) -> str:
        with shared, ir.Location.unknown():
            module = ir.Module.parse(str(_build(number)))
            assert module.operation.verify()
            return str(module)

    alone = [work(number) for number in range(_THREADS)]
    for _ in range(_ROUNDS):
        assert _in_threads(work) == alone


def test_types_of_a_shared_context_are_the_same_on_all_threads() -> None:
    shared = ir.Context()
    types = _in_threads(lambda _: ir.Type.parse("tuple<i17, memref<4x?xf32, 3>>", shared))
    assert all(each == types[0] for each in types)


@pytest.mark.usefixtures("context")
def test_passes_run_on_a_thread_pool() -> None:
    functions = "\n".join(
        f"func.func @f{number}() -> i32 {{ %0 = arith.constant {number} : i32 "
        "%1 = arith.addi %0, %0 : i32 return %1 : i32 }"
        for number in range(200)
    )
    module = ir.Module.parse(functions)
    PassManager.parse("builtin.module(func.func(canonicalize))").run(module.operation)
    assert "arith.addi" not in str(module)
    assert "arith.constant 398 : i32" in str(module)


def test_thread_pool_serves_several_contexts() -> None:
    pool = ir.ThreadPool()
    texts = []
    for _ in range(2):
        with ir.Context(thread_pool=pool), ir.Location.unknown():
            module = _build(3)
            PassManager.parse("builtin.module(canonicalize)").run(module.operation)
            texts.append(str(module))
    assert pool.get_max_concurrency() > 0
    assert texts[0] == texts[1]


@pytest.mark.parametrize("enabled", [True, False])
def test_multithreading_can_be_switched(context: ir.Context, *, enabled: bool) -> None:
    context.enable_multithreading(enabled)
    assert (context.get_num_threads() > 1) <= enabled
