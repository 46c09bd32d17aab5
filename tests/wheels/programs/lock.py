"""Print in JSON whether this Python has its global lock: before, and after every extension was imported.

An extension that does not say that it can do without makes a free-threaded Python take the lock back.
"""

import importlib
import json
import sys
from pathlib import Path

import mlir


def has_lock() -> bool:
    """Whether the lock is there, as it always is before Python 3.13."""
    ask = getattr(sys, "_is_gil_enabled", None)
    return ask is None or ask()


before = has_lock()
libraries = Path(mlir.__path__[0], "_mlir_libs")
# _mlir.cpython-313t-x86_64-linux-gnu.so, _mlir.cp313t-win_amd64.pyd
files = [file for ending in ("cpython-*.so", "pyd") for file in libraries.glob(f"*.{ending}")]
for file in files:
    importlib.import_module(f"mlir._mlir_libs.{file.name.partition('.')[0]}")
json.dump({"before": before, "after": has_lock(), "extensions": len(files)}, sys.stdout)
