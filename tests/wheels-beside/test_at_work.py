"""The bindings and packages that have an LLVM or MLIR of their own compile and run in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

import pytest

if TYPE_CHECKING:
    import subprocess

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
def test_each_gives_its_own_answer(
    run_program: Callable[..., subprocess.CompletedProcess[str]], order: tuple[str, ...]
) -> None:
    ended = run_program("at_work", *order)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr
