"""An MLIR that is found where people have it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from samples import NO_PLACE as VERSION
from samples import make_prefix, obtain_installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine

    from mlir_release.store import Store


@pytest.mark.parametrize("variable", ["MLIR_DIR", "LLVM_DIR", "CMAKE_PREFIX_PATH", "HOMEBREW_PREFIX"])
@pytest.mark.parametrize("choice", ["auto", "system"])
@pytest.mark.usefixtures("machine")
def test_found_by_variable(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, variable: str, choice: str
) -> None:
    prefix = make_prefix(tmp_path / "opt/llvm@99")
    values = {
        "MLIR_DIR": str(prefix / "lib/cmake/mlir"),
        "LLVM_DIR": str(prefix / "lib/cmake/llvm"),
        "CMAKE_PREFIX_PATH": f"{tmp_path}/nothing{os.pathsep}{prefix}",
        "HOMEBREW_PREFIX": str(tmp_path),
    }
    monkeypatch.setenv(variable, values[variable])
    assert obtain_installed(choice, version=VERSION, store=store).prefix == prefix


@pytest.mark.parametrize("program", ["llvm-config", "llvm-config-99"])
def test_found_by_llvm_config(
    machine: Machine, prefix: Path, store: Store, program: str, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.program(program, f"echo {prefix}")
    assert obtain_installed("auto", version=VERSION, store=store).prefix == prefix
    assert f"{program} on PATH (the first that can serve)" in capsys.readouterr().out


def test_what_is_passed_over_is_said(
    machine: Machine,
    tmp_path: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = make_prefix(tmp_path / "old", version="98.1.0")
    monkeypatch.setenv("MLIR_DIR", str(tmp_path / "gone"))
    monkeypatch.setenv("CMAKE_PREFIX_PATH", str(old))
    machine.program("llvm-config-99", "exit 1")
    new = make_prefix(tmp_path / "new")
    machine.program("llvm-config", f"echo {new}")
    assert obtain_installed("system", version=VERSION, store=store).prefix == new
    said = capsys.readouterr().out
    assert f"passed over: {tmp_path / 'gone'} does not exist" in said
    assert f"passed over: the MLIR in {old} is 98.1.0, and 99.1.0 is needed" in said
