"""The real ccache, told what our builds tell it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import machine
from mlir_release import launcher

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.toolchain import Toolchain


@pytest.fixture
def ccache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program, installed where that is possible, with a cache of its own."""
    machine.program("ccache", tmp_path)
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CCACHE_BASEDIR", raising=False)
    return "ccache"


def test_a_build_in_another_folder_hits(ccache: str, compiler: Toolchain, tmp_path: Path) -> None:
    rates = []
    # At different depths: system headers must not count by where they lie from here.
    for base in (tmp_path / "one", tmp_path / "the/other/one"):
        (base / "source").mkdir(parents=True)
        (base / "build").mkdir()
        (base / "source" / "header.h").write_text("#include <stdio.h>\nint f(void);\n")
        (base / "source" / "file.c").write_text('#include "header.h"\nint f(void) { return 1; }\n')
        found = launcher.find(ccache, base)
        assert found
        command = [str(found.program), str(compiler.cc), "-c", str(base / "source/file.c"), "-o", "file.o"]
        subprocess.run(command, cwd=base / "build", env={**os.environ, **found.environment()}, check=True)
        rates.append(found.rate())
    assert rates == [launcher.HitRate(hits=0, misses=1), launcher.HitRate(hits=1, misses=0)]
