"""How programs are found and started: through links, from anywhere, and without delay."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest

_LINKS = pytest.mark.skipif(os.name == "nt", reason="links need rights there that users do not have")
_ROUNDS = 25


def _shared(scripts: Path) -> Path:
    """The program that all launchers start."""
    (program,) = (scripts.parent / "libexec" / "mlir-tools").glob("mlir-tools-multicall*")
    return program


def _run(command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@_LINKS
@pytest.mark.parametrize("name", ["mlir-opt", "FileCheck"])
def test_a_link_in_another_folder_works(scripts: Path, tmp_path: Path, name: str) -> None:
    # As pipx and uv make them for the programs of a tool's own environment.
    (tmp_path / name).symlink_to(scripts / name)
    answer = _run([name, "--version"], PATH=str(tmp_path))
    assert answer.returncode == 0
    assert "LLVM version" in answer.stdout


@_LINKS
def test_a_link_of_another_name_works(scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "llvm-opt-of-this-project").symlink_to(scripts / "opt")
    answer = _run([str(tmp_path / "llvm-opt-of-this-project"), "--help"])
    assert answer.returncode == 0
    assert "USAGE: opt " in answer.stdout


@_LINKS
def test_a_linked_environment_works(scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "environment").symlink_to(scripts.parent)
    assert _run([str(tmp_path / "environment" / scripts.name / "llc"), "--version"]).returncode == 0


def test_messages_say_how_it_was_called(scripts: Path) -> None:
    program = str(scripts / "mlir-opt")
    assert f"Try: '{program} --help'" in _run([program, "--no-such-option"]).stderr


def test_programs_may_move_together(scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy2(scripts / "mlir-opt", tmp_path / "bin")
    multicall = _shared(scripts)
    alone = _run([str(tmp_path / "bin" / "mlir-opt"), "--version"])
    assert alone.returncode == 127
    assert alone.stderr.startswith("mlir-opt: ")
    assert alone.stderr.endswith("install mlir-tools again\n")
    shutil.copytree(multicall.parent, tmp_path / "libexec" / "mlir-tools")
    assert _run([str(tmp_path / "bin" / "mlir-opt"), "--version"]).returncode == 0


def test_the_shared_program_says_what_it_is(scripts: Path) -> None:
    answer = _run([str(_shared(scripts))])
    assert answer.returncode == 2
    assert answer.stderr.startswith("'mlir-tools-multicall' is none of the programs in this one; start it as")
    assert len(answer.stderr.splitlines()) == 1


def _fastest(
    commands: dict[str, list[str]], executables: dict[str, Path], *, folder: Path | None = None
) -> dict[str, float]:
    """The shortest of some runs of each, in seconds: what the machine does besides only makes them longer.

    They take turns, so that they share its better and worse moments.
    """
    shortest = dict.fromkeys(commands, float("inf"))
    for _ in range(_ROUNDS):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                command, executable=executables[name], check=True, cwd=folder, stdout=subprocess.DEVNULL
            )
            shortest[name] = min(shortest[name], time.perf_counter() - start)
    return shortest


@pytest.mark.parametrize("name", ["mlir-opt", "llc", "opt"])
def test_a_script_starts_as_fast_as_its_program(
    scripts: Path, name: str, measured: Callable[[str], None]
) -> None:
    version = [name, "--version"]
    seconds = _fastest(
        {"script": version, "program": version, "python": [sys.executable, "-I", "-S", "-c", ""]},
        {"script": scripts / name, "program": _shared(scripts), "python": Path(sys.executable)},
    )
    shown = ", ".join(f"{which} {seconds[which] * 1e3:.1f} ms" for which in seconds)
    measured(f"start of {name}: {shown}")
    # A script in Python would cost at least that of a bare interpreter.
    assert seconds["script"] - seconds["program"] < seconds["python"] / 2


def test_the_module_starts_as_fast_as_its_program(
    scripts: Path, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    (tmp_path / "nothing.py").touch()
    python, version = [sys.executable, "-m"], ["mlir-opt", "--version"]
    commands = {
        "module": [*python, "mlir_tools", *version],
        "program": version,
        "empty module": [*python, "nothing"],
    }
    files = {name: Path(command[0]) for name, command in commands.items()} | {"program": scripts / "mlir-opt"}
    seconds = _fastest(commands, files, folder=tmp_path)
    measured("start of mlir-opt: " + ", ".join(f"{which} {seconds[which] * 1e3:.1f} ms" for which in seconds))
    # Python's own start is left; a module such as importlib.metadata would cost twice that.
    assert seconds["module"] - seconds["program"] < seconds["empty module"] * 1.5
