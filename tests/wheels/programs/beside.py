"""Work with several MLIR distributions in one process. Arguments: MODE MODULE...

A module is ``mlir``, ``circt`` or ``iree.compiler``. Each parses a module, runs passes on it and prints it.
The mode ``in-turn`` imports them one after the other, ``threads`` then lets all work at the same time, many
times over, and ``all-at-once`` does that without importing them before.
"""

import importlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

ARITH = """
func.func @f() -> i32 {
  %0 = arith.constant 20 : i32
  %1 = arith.constant 22 : i32
  %2 = arith.addi %0, %1 : i32
  return %2 : i32
}"""
HARDWARE = """
hw.module @m(in %x : i8, out y : i8) {
  %0 = hw.constant 20 : i8
  %1 = hw.constant 22 : i8
  %2 = comb.add %0, %1 : i8
  hw.output %2 : i8
}"""
ROUNDS = 5


def work(package: str) -> None:
    """Simplify a module until it holds a sum, and meet an error on the way."""
    ir = importlib.import_module(f"{package}.ir")
    manager = importlib.import_module(f"{package}.passmanager")
    source = HARDWARE if package == "circt" else ARITH
    with ir.Context() as context, ir.Location.unknown():
        if package == "circt":
            importlib.import_module(package).register_dialects(context)
        # An exception of C++ must find the type information of its own package.
        try:
            ir.Module.parse("this is not MLIR")
        except ir.MLIRError as error:
            message = str(error)
        assert '"-":1:1' in message, message
        module = ir.Module.parse(source)
        manager.PassManager.parse("builtin.module(canonicalize)").run(module.operation)
        assert module.operation.verify()
        text = str(module)
    assert "constant 42" in text, text


def work_in_threads(packages: list[str]) -> None:
    """Let all begin at the same moment, and go on for a while."""
    barrier = threading.Barrier(len(packages))

    def begin(package: str) -> None:
        barrier.wait()
        for _ in range(ROUNDS):
            work(package)

    with ThreadPoolExecutor(len(packages)) as pool:
        list(pool.map(begin, packages))


mode, *packages = sys.argv[1:]
if mode != "all-at-once":
    for each in packages:
        work(each)
if mode == "in-turn":
    for each in reversed(packages):
        work(each)
else:
    work_in_threads(packages)
print("done")
