"""What says which packages the tests are about."""

from __future__ import annotations

from installed import header, pytest_configure, pytest_terminal_summary, run_program

# Hooks and a fixture, which pytest finds here.
__all__ = ["pytest_configure", "pytest_terminal_summary", "run_program"]


def pytest_report_header() -> list[str]:
    """Say which wheels this is about."""
    return header("mlir-python-bindings", "jax", "numba", "numpy", "torch")
