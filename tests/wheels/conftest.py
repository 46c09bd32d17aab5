"""What the tests of an installed wheel share.

They know nothing of this project: only the wheel, on any interpreter that it supports (Python 3.9
and newer). What could take the interpreter down with it runs in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

from installed import header, measured, pytest_configure, pytest_terminal_summary

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hooks and a fixture, which pytest finds here.
__all__ = ["measured", "pytest_configure", "pytest_terminal_summary"]

DISTRIBUTION = "mlir-python-bindings"
_PROGRAMS = Path(__file__).parent / "programs"

RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> list[str]:
    """Say which wheels this is about."""
    return header(DISTRIBUTION)


@pytest.fixture(scope="session")
def run_program(tmp_path_factory: pytest.TempPathFactory) -> RunProgram:
    """Runs ``programs/NAME.py`` with this interpreter; its status is not checked, its output is text."""
    # An empty folder, so that nothing but what is installed can be imported.
    folder = tmp_path_factory.mktemp("run")

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(_PROGRAMS / f"{name}.py"), *arguments],
            capture_output=True,
            check=False,
            cwd=folder,
            encoding="utf-8",
            timeout=120,
        )

    return run


@pytest.fixture
def context() -> Iterator[object]:
    """A fresh context that is entered, with an unknown location."""
    from mlir import ir

    with ir.Context() as fresh, ir.Location.unknown():
        yield fresh
