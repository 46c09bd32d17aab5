"""What the tests of an installed mlir-tools wheel share.

They know nothing of this project: only the wheel, on any interpreter that it supports (Python 3.9
and newer).
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Callable

import mlir_tools
import pytest

from installed import header, measured, pytest_configure, pytest_terminal_summary, wheel_of

# Hooks and a fixture, which pytest finds here.
__all__ = ["measured", "pytest_configure", "pytest_terminal_summary"]

DISTRIBUTION = "mlir-tools"

Tool = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> list[str]:
    """Say which wheels this is about."""
    return header(DISTRIBUTION)


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The folder of this environment's programs, which is first on PATH in an active one."""
    return Path(sysconfig.get_path("scripts"))


@pytest.fixture
def tool(scripts: Path, tmp_path: Path) -> Tool:
    """Runs a program as somebody does in an active environment: ``tool("mlir-opt", "--help", input="")``.

    The working folder is ``tmp_path``. Its status is not checked; what it reads and prints is text. A test of
    a program that the wheel has not, which another test sees to, is skipped.
    """
    environment = {**os.environ, "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}

    def run(name: str, *arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:  # noqa: A002 -- as subprocess has it
        if name not in mlir_tools.tools():
            pytest.skip(f"this wheel has no {name}")
        return subprocess.run(
            [str(scripts / name), *arguments],
            input=input,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment,
            timeout=120,
        )

    return run


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The file that was installed (PEP 610 says where it was)."""
    return wheel_of(DISTRIBUTION)
