"""The bindings and packages that have an LLVM or MLIR of their own compile and run in one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = Path(__file__).parent / "programs" / "at_work.py"
_OTHERS = ("jax", "numba", "torch")
# Whose libraries are loaded first decides which of two equal symbols serves both.
_ORDERS = [
    *(order for other in _OTHERS for order in (("mlir", other), (other, "mlir"))),
    *(
        (*others[:place], "mlir", *others[place:])
        for others in (_OTHERS, _OTHERS[::-1])
        for place in range(4)
    ),
]


@pytest.mark.parametrize("order", _ORDERS, ids="-".join)
def test_each_gives_its_own_answer(tmp_path: Path, order: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [sys.executable, "-I", str(_PROGRAM), *order],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        timeout=600,
    )
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr
