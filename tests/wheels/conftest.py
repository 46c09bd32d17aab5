"""What the tests of an installed wheel share.

They know nothing of this project: only the wheel, on any interpreter that it supports (Python 3.9
and newer). What could take the interpreter down with it runs in a process of its own.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = "mlir-python-bindings"
_PROGRAMS = Path(__file__).parent / "programs"
_MEASURED = pytest.StashKey[list[str]]()

RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> str:
    """Say which wheel this is about."""
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)} on {machine}"


def pytest_configure(config: pytest.Config) -> None:
    """Make a place for what the tests measure."""
    config.stash[_MEASURED] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured; no test depends on it."""
    terminalreporter.section("measured")
    for line in config.stash[_MEASURED]:
        terminalreporter.write_line(line)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes lines for the summary at the end."""
    return request.config.stash[_MEASURED].append


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
