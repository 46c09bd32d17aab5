"""What a container sees of the SDK that is named, with a stand-in engine that notes what it is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release import container, options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.conftest import Machine

    Rerun = Callable[[str], list[str]]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="--container is refused there")


@pytest.fixture
def rerun(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rerun:
    """Run a session with ``--sdk TEXT`` in the test's folder; returns what the engine was asked last."""
    calls = machine.state / "calls"
    machine.program("podman", f"printf '%s\\n' \"$@\" > {calls}; [ $1 != image ] || echo sha256:1234")
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[dependency-groups]\nautomation = []\n")
    monkeypatch.chdir(tmp_path)

    def run(sdk: str) -> list[str]:
        said = ["--container", "image", "--cache", str(tmp_path / "cache"), "--sdk", sdk]
        container.rerun("lit", said, options.parse(said, root), root)
        return calls.read_text().splitlines()

    return run


def mount(path: Path) -> str:
    return f"type=bind,source={path},target={path},readonly"


@pytest.mark.parametrize("word", ["build", "system", "auto", "22.1.8"])
def test_a_folder_that_is_called_like_a_choice_is_not_meant(rerun: Rerun, tmp_path: Path, word: str) -> None:
    (tmp_path / word).mkdir()
    words = rerun(word)
    assert words[words.index("--sdk") + 1] == word
    assert not any(said.startswith("--sdk=") for said in words)
    assert mount(tmp_path / word) not in words


def test_a_wheel_comes_with_those_beside_it(rerun: Rerun, tmp_path: Path) -> None:
    wheel = tmp_path / "wheels" / "mlir_sdk-22.1.8-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    words = rerun("wheels/mlir_sdk-22.1.8-py3-none-any.whl")
    assert mount(wheel.parent) in words
    assert f"--sdk={wheel}" in words


def test_a_prefix_in_the_home(rerun: Rerun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mlir").mkdir()
    words = rerun("~/mlir")
    assert mount(tmp_path / "mlir") in words
    assert f"--sdk={tmp_path / 'mlir'}" in words


def test_one_that_is_not_there_is_for_the_session_to_refuse(rerun: Rerun) -> None:
    words = rerun("~no-such-user-at-all/mlir")
    assert words[words.index("--sdk") + 1] == "~no-such-user-at-all/mlir"
