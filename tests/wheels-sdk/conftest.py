"""What the tests of installed mlir-sdk and llvm-sdk wheels share.

They know nothing of this project but the rule for what CMake files may name: only the wheels, on any
interpreter that they support (Python 3.9 and newer), and a C++ compiler (``CXX``, or one on PATH).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import llvm_sdk
import mlir_sdk
import pytest

from installed import header, measured, pytest_configure, pytest_terminal_summary, wheel_of

# Hooks and a fixture, which pytest finds here.
__all__ = ["measured", "pytest_configure", "pytest_terminal_summary"]

DISTRIBUTIONS = ("llvm-sdk", "mlir-sdk")
_PROJECT = Path(__file__).parent / "project"
_CLANGS = tuple((f"clang-{number}", f"clang++-{number}") for number in range(99, 17, -1))
_COMPILERS = (*_CLANGS, ("clang", "clang++"), ("gcc", "g++"), ("cc", "c++"))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_report_header() -> list[str]:
    """Say which wheels this is about."""
    return header(*DISTRIBUTIONS)


@pytest.fixture(scope="session")
def wheels() -> list[Path]:
    """The files that were installed (PEP 610 says where they were)."""
    return [wheel_of(name) for name in DISTRIBUTIONS]


@pytest.fixture(scope="session")
def prefixes() -> list[Path]:
    """The folders with the headers, libraries and programs."""
    return [llvm_sdk.prefix(), mlir_sdk.prefix()]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Variables for builds: a compiler, and none of this interpreter's or machine's habits."""
    pairs = [pair for pair in _COMPILERS if all(map(shutil.which, pair))]
    chosen = os.environ.get("CC"), os.environ.get("CXX")
    assert pairs or all(chosen), "these tests need a C++ compiler: name one with CC and CXX"
    cc, cxx = chosen if all(chosen) else pairs[0]
    habits = {"CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CMAKE_PREFIX_PATH", "MLIR_DIR", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in habits}
    return {**kept, "CC": str(cc), "CXX": str(cxx)}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Runs a program in ``tmp_path``; its output is text, its status must be 0 unless ``check=False``."""

    def run(*command: object, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(word) for word in command],
            **{"cwd": tmp_path, "env": environment, "timeout": 900, **options},
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert not check or done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the small downstream project."""
    return Path(shutil.copytree(_PROJECT, tmp_path / "project"))
