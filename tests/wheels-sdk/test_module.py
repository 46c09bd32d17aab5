"""The Python modules and the command line: where everything is, and what a damaged SDK says."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any, Callable

import llvm_sdk
import mlir_sdk
import pytest

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
_TYPED_USER = """\
from pathlib import Path
import llvm_sdk
import mlir_sdk

folder: Path = mlir_sdk.cmake_dir()
other: Path = llvm_sdk.prefix()
domain: str = mlir_sdk.NANOBIND_DOMAIN
number: int = mlir_sdk.version()  # a mistake
"""


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Both packages, without their libraries and headers, to be damaged."""
    for module in (llvm_sdk, mlir_sdk):
        source = module.prefix()
        small = shutil.ignore_patterns("include", "*.a", "objects-*", "src", "bin", "__pycache__")
        shutil.copytree(source, tmp_path / "copies" / source.name, ignore=small)
    return tmp_path / "copies"


def test_folders_hold_what_they_should() -> None:
    assert (mlir_sdk.cmake_dir() / "MLIRConfig.cmake").is_file()
    assert (mlir_sdk.llvm_cmake_dir() / "LLVMConfig.cmake").is_file()
    assert (mlir_sdk.prefix() / "include" / "mlir" / "IR" / "MLIRContext.h").is_file()
    assert (mlir_sdk.llvm_prefix() / "include" / "llvm" / "Config" / "llvm-config.h").is_file()


def test_version_is_that_of_the_distributions() -> None:
    assert mlir_sdk.version() == metadata.version("mlir-sdk") == metadata.version("llvm-sdk")
    assert mlir_sdk.release()["llvm_version"] in mlir_sdk.version()
    assert llvm_sdk.release() == mlir_sdk.release()


def test_the_command_line_says_what_the_module_says(run: Run) -> None:
    def asked(option: str) -> str:
        return str(run(sys.executable, "-I", "-m", "mlir_sdk", option).stdout)

    assert asked("--cmake-dir") == f"{mlir_sdk.cmake_dir()}\n"
    assert asked("--prefix") == f"{mlir_sdk.prefix()}\n"
    assert asked("--version") == f"{mlir_sdk.version()}\n"
    assert json.loads(asked("--json")) == mlir_sdk.describe()


def test_the_description_is_complete() -> None:
    facts = mlir_sdk.describe()

    assert facts["nanobind_domain"] == "mlir_python_bindings"
    assert {"rtti", "assertions", "targets", "host_triple", "zlib", "zstd"} <= facts["llvm"].keys()
    assert isinstance(facts["llvm"]["rtti"], bool)
    assert facts["llvm"]["targets"]
    assert {"tag", "llvm_commit", "patches", "sdk_provider", "compiler"} <= facts["release"].keys()
    assert [facts[name] for name in ("prefix", "cmake_dir", "llvm_prefix", "llvm_cmake_dir")] == [
        str(path)
        for path in (
            mlir_sdk.prefix(),
            mlir_sdk.cmake_dir(),
            mlir_sdk.llvm_prefix(),
            mlir_sdk.llvm_cmake_dir(),
        )
    ]


@pytest.mark.parametrize("arguments", [[], ["--nonsense"], ["--prefix", "--json"], ["here"]])
def test_a_mistake_is_one_line_and_status_2(run: Run, arguments: list[str]) -> None:
    done = run(sys.executable, "-I", "-m", "mlir_sdk", *arguments, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"python -m mlir_sdk: [^\n]+; see --help\n", done.stderr)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("mlir_sdk/lib/cmake/mlir/MLIRConfig.cmake", None, "MLIRConfig.cmake is missing"),
        ("mlir_sdk/release.json", "{", "release.json is missing or damaged"),
        ("mlir_sdk/release.json", "{}", "release.json is missing or damaged"),
        ("mlir_sdk/release.json", "[1]", "release.json is missing or damaged"),
        ("llvm_sdk/__init__.py", None, "is not installed: install llvm-sdk=="),
        ("llvm_sdk/lib/cmake/llvm/LLVMConfig.cmake", None, "LLVMConfig.cmake is missing"),
        ("llvm_sdk/release.json", None, "release.json is missing"),
        ("llvm_sdk/release.json", "[]", "release.json is not what it was"),
        ("llvm_sdk/release.json", '{"version": "1.0"}', "but llvm-sdk is 1.0: install llvm-sdk=="),
        ("llvm_sdk/configuration.json", "", "configuration.json cannot be read"),
    ],
)
def test_a_damaged_sdk_is_one_line_and_status_2(
    run: Run, copies: Path, file: str, content: str | None, said: str
) -> None:
    if content is None:
        (copies / file).unlink()
    else:
        (copies / file).write_text(content)

    # Without site-packages, where whole ones are; and without assertions, which must not be all that notices.
    where = {**os.environ, "PYTHONPATH": str(copies)}
    done = run(sys.executable, "-SO", "-m", "mlir_sdk", "--json", check=False, env=where)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_llvm_sdk_that_is_missing_is_one_line_and_status_2(run: Run, copies: Path) -> None:
    shutil.rmtree(copies / "llvm_sdk")

    where = {**os.environ, "PYTHONPATH": str(copies)}
    done = run(sys.executable, "-S", "-m", "mlir_sdk", "--cmake-dir", check=False, env=where)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(
        r"[^\n]+ is not installed: install llvm-sdk==[^\n]+, from where mlir-sdk came\n", done.stderr
    )


def test_types_are_there_for_users(run: Run, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(_TYPED_USER)

    done = run(sys.executable, "-m", "mypy", "--strict", "user.py", check=False)

    assert done.stdout.splitlines()[0].startswith("user.py:8: error: Incompatible types")
    assert "Found 1 error" in done.stdout
