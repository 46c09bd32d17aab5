"""Print in JSON whether this Python has its global lock: before, and after every extension was imported.

An extension that does not say that it can do without makes a free-threaded Python take the lock back.
"""

import importlib
import json
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import mlir


def has_lock() -> bool:
    """Whether the lock is there, as it always is before Python 3.13."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return ask is None or ask()


before = has_lock()
# Plain libraries, which may end like an extension, begin otherwise.
files = [
    file
    for file in Path(mlir.__path__[0], "_mlir_libs").glob("_*")
    if file.name.endswith(tuple(EXTENSION_SUFFIXES))
]
for file in files:
    importlib.import_module(f"mlir._mlir_libs.{file.name.partition('.')[0]}")
json.dump({"before": before, "after": has_lock(), "extensions": len(files)}, sys.stdout)
