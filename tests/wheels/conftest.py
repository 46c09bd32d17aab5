"""What the tests of an installed wheel share.

They know nothing of this project: only the wheel, on any interpreter that it supports (Python 3.9
and newer). What could take the interpreter down with it runs in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from installed import header, measured, pytest_configure, pytest_terminal_summary, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hooks and fixtures, which pytest finds here.
__all__ = ["measured", "pytest_configure", "pytest_terminal_summary", "run_program"]

DISTRIBUTION = "mlir-python-bindings"


def pytest_report_header() -> list[str]:
    """Say which wheels this is about."""
    return header(DISTRIBUTION)


@pytest.fixture
def context() -> Iterator[object]:
    """A fresh context that is entered, with an unknown location."""
    from mlir import ir

    with ir.Context() as fresh, ir.Location.unknown():
        yield fresh
