"""The wheelhouse, with sessions that are killed or at it together."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from child import start
from mlir_release.repair import stow
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from pathlib import Path

NAME = "tiny-{}-cp311-cp311-manylinux_2_17_x86_64.whl"
STOW = """\
import sys
from pathlib import Path
from mlir_release.repair import stow
print("ready", flush=True)
stow(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """As large as a real one, so that the copying takes its time."""
    path = tmp_path / NAME.format("1.0")
    path.write_bytes(os.urandom(1_000_000) * 150)
    return path


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.03, 0.1])
def test_killed_then_stowed(wheel: Path, tmp_path: Path, moment: float) -> None:
    wheelhouse = tmp_path / "wheelhouse"
    wheelhouse.mkdir()
    older = wheelhouse / NAME.format("0.9")
    older.write_text("older")
    process = start(STOW, wheel, wheelhouse)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(moment)
    process.kill()
    # Perhaps it was faster.
    assert process.wait() in (-signal.SIGKILL, 0)
    digest = file_sha256(wheel)
    # Either the older wheel is still there, or the whole new one.
    visible = list(wheelhouse.glob("*.whl"))
    assert visible
    assert all(path == older or file_sha256(path) == digest for path in visible)
    stow(wheel, wheelhouse)
    assert [path.name for path in wheelhouse.iterdir()] == [wheel.name]
    assert file_sha256(wheelhouse / wheel.name) == digest


def test_sessions_stow_one_wheel_at_once(wheel: Path, tmp_path: Path) -> None:
    stowing = [start(STOW, wheel, tmp_path / "wheelhouse") for _ in range(4)]
    for process in stowing:
        process.communicate(timeout=120)
    assert [process.returncode for process in stowing] == [0, 0, 0, 0]
    assert [path.name for path in (tmp_path / "wheelhouse").iterdir()] == [wheel.name]
    assert file_sha256(tmp_path / "wheelhouse" / wheel.name) == file_sha256(wheel)
