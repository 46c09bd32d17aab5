"""Real interpreters: the one that runs the tests, and environments made from it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest
import virtualenv

from mlir_release import interpreters

SERIES = f"{sys.version_info[0]}.{sys.version_info[1]}"
# The interpreter that the environment of these tests was made from.
BASE = Path(sys.base_prefix, "bin", f"python{SERIES}")


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No pyenv, conda or uv, whatever this machine has."""
    for name in ("PYENV_ROOT", "CONDA_PREFIX", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    return monkeypatch


def ask(program: Path, question: str) -> str:
    return subprocess.run(
        [program, "-c", f"import sys; print({question})"], capture_output=True, text=True, check=True
    ).stdout.strip()


def running() -> interpreters.Found:
    """What was found of the interpreter that the one of these tests is based on."""
    (found,) = [it for it in interpreters.search().found if it.interpreter.path.samefile(BASE)]
    return found


@pytest.mark.usefixtures("only")
def test_the_running_interpreter_is_found_with_nothing_on_path() -> None:
    found = running()
    assert found.interpreter.version == sys.version.split()[0]
    assert found.interpreter.tag == f"cp{sys.version_info[0]}{sys.version_info[1]}"
    has_headers = Path(sysconfig.get_path("include"), "Python.h").is_file()
    assert (found.flaw is None) == has_headers


@pytest.mark.parametrize("how", ["virtualenv", "virtualenv with copies", "venv", "one within another"])
def test_an_environment_leads_to_its_base(tmp_path: Path, only: pytest.MonkeyPatch, how: str) -> None:
    place = tmp_path / "environment"
    if how == "venv":
        venv.create(place, symlinks=True)
    elif how == "one within another":
        virtualenv.cli_run([str(tmp_path / "outer"), "--without-pip"])
        subprocess.run(
            [tmp_path / "outer" / "bin" / "python", "-m", "venv", "--without-pip", place], check=True
        )
    else:
        virtualenv.cli_run([str(place), "--without-pip", *(["--copies"] if "copies" in how else [])])
    only.setenv("PATH", str(place / "bin"))
    assert ask(place / "bin" / "python", "sys.prefix != sys.base_prefix") == "True"
    found = [it.interpreter for it in interpreters.search().found]
    assert not [it for it in found if it.path.is_relative_to(tmp_path)]
    (base,) = [it for it in found if it.path.samefile(BASE)]
    assert ask(base.path, "sys.prefix == sys.base_prefix") == "True"


@pytest.mark.usefixtures("only")
def test_what_is_found_runs_and_is_what_it_says() -> None:
    every = {version: found for version, found in interpreters.find_all().items() if found}
    assert SERIES in every or SERIES not in interpreters.SUPPORTED or running().flaw
    for version, found in every.items():
        series = "'%d.%d' % sys.version_info[:2] + 't' * ('t' in sys.abiflags)"
        assert ask(found.path, series) == version
        assert ask(found.path, "'.'.join(map(str, sys.version_info[:3]))") == found.version


def test_a_program_that_hangs_does_not_hold_up_the_others(tmp_path: Path, only: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "bin" / "python3"
    hanging.parent.mkdir()
    hanging.write_text("#!/bin/sh\n/bin/sleep 300\n", encoding="utf-8")
    hanging.chmod(0o755)
    only.setenv("PATH", str(hanging.parent))
    only.setenv("PY_DISCOVERY_TIMEOUT", "5")
    start = time.monotonic()
    assert running().interpreter.version == sys.version.split()[0]
    assert time.monotonic() - start < 60
