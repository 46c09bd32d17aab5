"""The wheel in the other places where pip can put it: programs find their shared half in each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

_Install = Callable[..., None]


@pytest.fixture
def install(wheel: Path) -> _Install:
    """Installs the wheel with pip and the options that say where."""

    def run(*options: str, python: str = sys.executable, **environment: str) -> None:
        command = [sys.executable, "-m", "pip", "--isolated", "--python", python, "install", "--no-index"]
        # Debian's interpreters refuse to change what is the system's, which these do not.
        environment = {**os.environ, "PIP_BREAK_SYSTEM_PACKAGES": "1", **environment}
        subprocess.run([*command, "--no-deps", *options, str(wheel)], check=True, env=environment)

    return run


def _check(folder: Path, packages: Path, scripts: str, **environment: str) -> None:
    """The script in that folder works, and the package finds it."""
    script = folder / scripts / "mlir-opt"
    subprocess.run([str(script), "--version"], check=True, stdout=subprocess.DEVNULL)
    ask = (
        "import json, mlir_tools; print(json.dumps([mlir_tools.__file__, str(mlir_tools.path('mlir-opt'))]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", ask],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, **environment, "PYTHONPATH": str(packages)},
    )
    module, found = map(Path, json.loads(answer.stdout))
    assert module.parent == packages / "mlir_tools"
    assert found.with_suffix("") == script.resolve().with_suffix("")


_SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def _packages(folder: Path) -> Path:
    (package,) = folder.rglob("mlir_tools/__init__.py")
    return package.parent.parent


def test_target(install: _Install, tmp_path: Path) -> None:
    install("--target", str(tmp_path))
    _check(tmp_path, tmp_path, "bin")


def test_prefix(install: _Install, tmp_path: Path) -> None:
    install("--prefix", str(tmp_path), "--ignore-installed")
    _check(tmp_path, _packages(tmp_path), _SCRIPTS)


@pytest.mark.skipif(os.name == "nt", reason="scripts are in a folder per interpreter there")
def test_user(install: _Install, tmp_path: Path) -> None:
    # An environment has no user's packages; the interpreter that it was made from has.
    base = str(Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}"))
    install("--user", "--ignore-installed", python=base, PYTHONUSERBASE=str(tmp_path))
    _check(tmp_path, _packages(tmp_path), "bin", PYTHONUSERBASE=str(tmp_path))
