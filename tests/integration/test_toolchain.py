"""The compilers of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlir_release import toolchain
from mlir_release.run import run
from mlir_release.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> toolchain.Toolchain:
    return toolchain.obtain(llvm_major=22, store=Store.open(tmp_path_factory.mktemp("store")))


def test_it_compiles_and_links(found: toolchain.Toolchain, tmp_path: Path) -> None:
    source = tmp_path / "program.cpp"
    source.write_text("#include <string>\nint main() { return std::stoi(std::string{'4'}) - 4; }\n")
    linker = [f"-fuse-ld={found.linker}"] if found.linker else []
    run([found.cxx, "-std=c++17", *linker, source, "-o", tmp_path / "program"], quiet=True)
    run([tmp_path / "program"], quiet=True)


def test_its_key_is_complete_and_stable(found: toolchain.Toolchain) -> None:
    assert found.name.split()[-1] in found.key["compiler"]
    assert all(found.key[part] for part in ("target", "libraries"))
    by_hand = toolchain.find(llvm_major=22, cc=str(found.cc), cxx=str(found.cxx))
    assert by_hand == found


def test_compiler_whose_library_is_not_there(
    found: toolchain.Toolchain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A clang that finds no C++ headers, before the whole compiler under gcc's name."""
    real = {"clang": found.cc, "clang++": found.cxx, "gcc": found.cc, "g++": found.cxx}
    for name, path in real.items():
        option = "-nostdinc++" if name == "clang++" else ""
        banner = f'case "$*" in --version) echo "clang version {99 if "l" in name else 98}.0.0"; exit;; esac'
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\n{banner}\nexec {path} {option} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    chosen = toolchain.find(llvm_major=22)
    assert chosen.cxx == tmp_path / "g++"
    said = capsys.readouterr().out
    assert "passed over clang 99.0.0" in said
    assert "cannot build a small C++17 program" in said
