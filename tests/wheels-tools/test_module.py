"""``python -m mlir_tools`` and ``import mlir_tools``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import mlir_tools
import pytest
from mlir_tools import release

if TYPE_CHECKING:
    from pathlib import Path


def _module(*arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:  # noqa: A002
    return subprocess.run(
        [sys.executable, "-I", "-m", *arguments],
        input=input,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def test_without_a_name_it_lists_them() -> None:
    answer = _module("mlir_tools")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.split() == mlir_tools.tools()


def test_a_name_starts_the_program() -> None:
    answer = _module("mlir_tools", "mlir-opt", "--mlir-print-op-generic", input="module {}")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert '"builtin.module"()' in answer.stdout


@pytest.mark.parametrize(("expected", "text"), [(0, "a\n"), (1, "a\nb\n")])
def test_the_status_is_the_programs(expected: int, text: str) -> None:
    assert _module("mlir_tools", "count", "1", input=text).returncode == expected


def test_an_unknown_name_is_one_line() -> None:
    answer = _module("mlir_tools", "mlir-pot", "--help")
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert line == f"mlir_tools has no 'mlir-pot'; it has {', '.join(mlir_tools.tools())}"


@pytest.mark.skipif(os.name == "nt", reason="a process cannot become another one on Windows")
def test_it_becomes_the_program() -> None:
    # The language server waits for input, so that there is time to look at its process.
    command = [sys.executable, "-m", "mlir_tools", "mlir-lsp-server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        process.terminate()
    assert process.returncode == -15  # no Python in between that would say 143 or raise


def test_every_path_is_a_program(scripts: Path) -> None:
    for name in mlir_tools.tools():
        path = mlir_tools.path(name)
        assert path.parent == scripts.resolve()
        assert os.access(path, os.X_OK)


def test_an_unknown_path_raises() -> None:
    with pytest.raises(mlir_tools.UnknownTool, match=r"^mlir_tools has no 'mlir'; it has FileCheck, "):
        mlir_tools.path("mlir")


def test_release_prints_its_attributes() -> None:
    answer = _module("mlir_tools.release")
    assert (answer.returncode, answer.stderr) == (0, "")
    facts = json.loads(answer.stdout)
    assert facts == release.as_dict()
    patches = [patch._asdict() for patch in release.patches]
    attributes = {name: getattr(release, name) for name in facts if name != "patches"}
    assert {**attributes, "patches": patches} == facts


def test_release_is_sane() -> None:
    assert release.version == metadata.version("mlir-tools")
    assert release.version.startswith(release.llvm_version.removesuffix("git"))
    assert release.llvm_commit is None or re.fullmatch("[0-9a-f]{40}", release.llvm_commit)
    assert release.sdk_provider in {"build", "wheel", "system", "unknown"}
    assert release.local_use_only is (release.sdk_provider != "build")
    assert release.compiler
