"""The doctor with this machine's own programs; the network is a repository on disk."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from mlir_release import doctor
from mlir_release.findings import Finding, State
from mlir_release.options import parse
from mlir_release.source.tree import REMOTE

if TYPE_CHECKING:
    from pathlib import Path

PIN = f'commit = "{"1a" * 20}"\nversion = "22.1.8"\nref = "llvmorg-22.1.8"\n'


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that git takes for the upstream one; empty so far."""
    repository = tmp_path / "upstream"
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{repository.as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", REMOTE)
    return repository


def github(tmp_path: Path) -> Finding:
    (tmp_path / "llvm-project.version").write_text(PIN, encoding="utf-8")
    options = parse(["--cache", str(tmp_path / "cache"), "--sdk", str(tmp_path)], tmp_path)
    (finding,) = [it for it in doctor.examine(options, tmp_path) if it.topic == "github"]
    return finding


def test_a_repository_that_answers(tmp_path: Path, upstream: Path) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", upstream, *identity, "commit", "-qm", "x", "--allow-empty"], check=True)
    finding = github(tmp_path)
    assert (finding.state, finding.advice) == (State.OK, None)


@pytest.mark.usefixtures("upstream")
def test_a_repository_without_what_is_asked_for(tmp_path: Path) -> None:
    assert github(tmp_path).state is State.WARNING


@pytest.mark.usefixtures("upstream")
def test_it_takes_seconds(tmp_path: Path) -> None:
    start = time.monotonic()
    github(tmp_path)
    assert time.monotonic() - start < 20
