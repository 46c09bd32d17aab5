"""Rules about the project's own files that no other tool checks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import nox.project
import pytest

ROOT = Path(__file__).parents[2]
NOXFILE = ROOT / "noxfile.py"
MODULES = sorted((ROOT / "packaging" / "automation" / "mlir_release").rglob("*.py"))
LINES = 300


def nox_list(*arguments: str) -> list[dict[str, str]]:
    """The sessions that nox would list."""
    command = [sys.executable, "-m", "nox", "--noxfile", str(NOXFILE), "--list", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    listed: list[dict[str, str]] = json.loads(done.stdout)
    return listed


def imported(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_packaging_does_not_shadow_the_package_of_that_name() -> None:
    # `python -m nox` has this project's folder on sys.path and imports PyPI's `packaging`.
    assert [path.name for path in (ROOT / "packaging").glob("*.py")] == []
    assert (ROOT / "packaging").is_dir()


def test_nox_script_block_names_the_group_automation() -> None:
    pyproject = nox.project.load_toml(ROOT / "pyproject.toml")
    script = nox.project.load_toml(NOXFILE)
    assert script["dependencies"] == pyproject["dependency-groups"]["automation"]
    assert script["dependencies"]


@pytest.mark.parametrize("path", [NOXFILE, *MODULES], ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LINES


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_automation_knows_nothing_of_nox(path: Path) -> None:
    assert "nox" not in imported(path)


def test_a_bare_nox_checks_this_project_and_compiles_nothing() -> None:
    assert [it["session"] for it in nox_list()] == ["lint", "unit", "integration"]


def test_every_supported_interpreter_has_its_sessions() -> None:
    # A listing with names is of just these, and of one that does not exist it is status 2.
    names = [f"{verb}-3.{minor}" for verb in ("build", "test") for minor in range(9, 14)]
    listed = nox_list("--sessions", *names, "lit", "doctor")
    assert [it["session"] for it in listed] == [*names, "lit", "doctor"]
    assert all(it["description"] for it in listed)
