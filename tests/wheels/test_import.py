"""What an import brings along, and what it leaves as it was; how long it takes is only printed."""

from __future__ import annotations

import json
import sysconfig
from typing import TYPE_CHECKING, Any, Callable

import pytest

if TYPE_CHECKING:
    import subprocess

    RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


def _imported(run_program: RunProgram, *arguments: str) -> dict[str, Any]:
    ended = run_program("import_ir", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def test_only_numpy_comes_along(run_program: RunProgram, measured: Callable[[str], None]) -> None:
    first, second = (_imported(run_program) for _ in range(2))
    assert set(first["installed"]) <= {"mlir", "numpy"}
    measured(f"import mlir.ir: {min(first['seconds'], second['seconds']):.3f} s, with numpy")


@pytest.mark.parametrize("package", ["numpy", "ml_dtypes", "yaml"])
def test_requirements_of_parts_are_not_needed_by_the_core(
    run_program: RunProgram, measured: Callable[[str], None], package: str
) -> None:
    result = _imported(run_program, "--without", package)
    assert package not in result["installed"]
    measured(f"import mlir.ir: {result['seconds']:.3f} s, without {package}")


def test_a_free_threaded_python_stays_one(run_program: RunProgram) -> None:
    ended = run_program("lock")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["extensions"] > 10
    has_lock = not sysconfig.get_config_var("Py_GIL_DISABLED")
    assert (found["before"], found["after"]) == (has_lock, has_lock)
    assert ended.stderr == ""
