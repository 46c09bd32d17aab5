"""The wheel projects' Python files, run as they are in a wheel and in its build."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlir_release import versions

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "packaging" / "mlir-python-bindings"
COMMON = ROOT / "packaging" / "common"
FACTS: dict[str, Any] = {
    "version": "22.1.8.dev0+gca7933e47",
    "tag": None,
    "llvm_version": "22.1.8",
    "llvm_commit": "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1",
    "llvm_ref": "llvmorg-22.1.8",
    "patches": [{"name": "0001-a.patch", "sha256": "1" * 64}, {"name": "0002-b.patch", "sha256": "2" * 64}],
    "sdk_provider": "system",
    "source": "archive x.tar.xz",
    "compiler": "Clang 22.1.8",
    "nanobind_version": "2.12.0",
    "nanobind_abi": "19",
    "nanobind_domain": "mlir_python_bindings",
}


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python in a folder, as somebody without settings of their own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLIR_")}
    command = [sys.executable, "-B", *arguments]
    return subprocess.run(
        command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False
    )


def installed(folder: Path, **changes: Any) -> Path:
    """A folder with the package in it, as far as it says what it is."""
    (folder / "mlir").mkdir(exist_ok=True)
    shutil.copy(PROJECT / "mlir" / "release.py", folder / "mlir")
    (folder / "mlir" / "release.json").write_text(json.dumps({**FACTS, **changes}))
    return folder


def printed(folder: Path, *arguments: str) -> str:
    done = python(folder, "-m", "mlir.release", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_text(tmp_path: Path) -> None:
    lines = dict(line.split(":", 1) for line in printed(installed(tmp_path)).splitlines())
    said = {name: text.strip() for name, text in lines.items()}
    assert said["version"] == FACTS["version"]
    assert said["tag"] == "none"
    assert said["llvm commit"] == FACTS["llvm_commit"]
    assert said["patches"] == f"0001-a.patch (sha256 {'1' * 64}), 0002-b.patch (sha256 {'2' * 64})"
    assert said["local use only"] == "yes"
    assert said["findings"] == "none"
    assert len(said) == len(FACTS) + 2


def test_text_of_a_release_without_patches(tmp_path: Path) -> None:
    lines = printed(installed(tmp_path, tag="llvm-22.1.8.01", patches=[], sdk_provider="build")).splitlines()
    # Names are padded to one column, and a value begins after it.
    assert "tag:               llvm-22.1.8.01" in lines
    assert "patches:           none" in lines
    assert "local use only:    no" in lines


def test_json_is_all_of_it(tmp_path: Path) -> None:
    assert json.loads(printed(installed(tmp_path), "--json")) == {
        **FACTS,
        "findings": [],
        "local_use_only": True,
    }


def test_attributes(tmp_path: Path) -> None:
    question = (
        "from mlir import release as r; import json;"
        "print(json.dumps([r.version, r.tag, r.llvm_version, r.llvm_commit, r.llvm_ref,"
        " [p.name for p in r.patches], r.sdk_provider, r.local_use_only, r.nanobind_abi,"
        " r.get_include_dir(), r.get_lib_dir(), r.as_dict()['compiler']]))"
    )
    done = python(installed(tmp_path), "-c", question)
    libraries = tmp_path / "mlir" / "_mlir_libs"
    assert json.loads(done.stdout) == [
        *(FACTS[name] for name in ("version", "tag", "llvm_version", "llvm_commit", "llvm_ref")),
        ["0001-a.patch", "0002-b.patch"],
        "system",
        True,
        "19",
        str(libraries / "include"),
        str(libraries),
        "Clang 22.1.8",
    ]


def test_an_unknown_option_is_a_usage_error(tmp_path: Path) -> None:
    done = python(installed(tmp_path), "-m", "mlir.release", "--jsn")
    assert done.returncode == 2
    assert "python -m mlir.release: error: unrecognized arguments: --jsn" in done.stderr


@pytest.mark.parametrize("file", [PROJECT / "mlir/release.py", COMMON / "release_version.py"])
def test_they_are_written_for_python_3_9(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 9))


ASK_VERSION = "import release_version; print(release_version.dynamic_metadata({}, {})['version'])"


def source(folder: Path, text: str | None) -> Path:
    """An llvm-project tree that says this of its version."""
    place = folder / "cmake" / "Modules"
    place.mkdir(parents=True)
    if text is not None:
        (place / "LLVMVersion.cmake").write_text(text)
    return folder


def test_an_untagged_version_is_that_of_the_source(tmp_path: Path) -> None:
    text = "".join(
        f"if(NOT DEFINED LLVM_VERSION_{part})\n  set(LLVM_VERSION_{part} {number})\nendif()\n"
        for part, number in (("MAJOR", 23), ("MINOR", 1), ("PATCH", 0))
    )
    done = python(COMMON, "-c", ASK_VERSION, LLVM_PROJECT_SOURCE=str(source(tmp_path, text)))
    assert done.stdout.strip() == versions.untagged("23.1.0git", None)


def test_a_release_says_its_version() -> None:
    done = python(COMMON, "-c", ASK_VERSION, MLIR_RELEASE_VERSION="22.1.8.post1")
    assert done.stdout.strip() == "22.1.8.post1"


@pytest.mark.parametrize("text", [None, "", "set(LLVM_VERSION_MAJOR 22)\n"])
def test_without_a_version_it_says_what_to_set(tmp_path: Path, text: str | None) -> None:
    done = python(COMMON, "-c", ASK_VERSION, LLVM_PROJECT_SOURCE=str(source(tmp_path, text)))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ValueError: set LLVM_PROJECT_SOURCE to ")
