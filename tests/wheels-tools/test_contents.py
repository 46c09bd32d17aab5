"""What is installed: the programs, what they share, and a small package that is described and typed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Callable

import mlir_tools
import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import parse_wheel_filename

from installed import check_record, check_sbom

if TYPE_CHECKING:
    from pathlib import Path

_DISTRIBUTION = metadata.distribution("mlir-tools")
_FILES = _DISTRIBUTION.files or []
_LIMIT_MB = 90


def test_files_are_those_of_the_record(measured: Callable[[str], None]) -> None:
    measured(check_record("mlir-tools"))


def test_the_sbom_says_what_is_in_it() -> None:
    check_sbom("mlir-tools")


def test_programs_package_and_nothing_else() -> None:
    allowed = re.compile(
        r"mlir_tools/\w+\.py|mlir_tools/(py\.typed|release\.json)|mlir_tools/__pycache__/.*|"
        r"mlir_tools-[^/]+\.dist-info/.*|(\.\./)+(bin|Scripts)/[\w-]+(\.exe)?|"
        r"(\.\./)+libexec/mlir-tools/mlir-tools-multicall(\.exe)?"
    )
    assert [str(file) for file in _FILES if not allowed.fullmatch(file.as_posix())] == []


def test_every_program_is_native(scripts: Path) -> None:
    starts = {"linux": b"\x7fELF", "darwin": b"\xcf\xfa\xed\xfe", "win32": b"MZ"}
    for name in mlir_tools.tools():
        file = mlir_tools.path(name)
        with file.open("rb") as stream:
            assert stream.read(4).startswith(starts[sys.platform]), name
    shared = (scripts / "../libexec/mlir-tools/mlir-tools-multicall").resolve()
    alone = sum(mlir_tools.path(name).stat().st_size for name in mlir_tools.tools())
    # What needs MLIR or LLVM has it from one file.
    assert alone < shared.stat().st_size / 4


@pytest.mark.skipif(sys.platform != "linux", reason="ldd shows what Linux's loader finds")
def test_programs_need_the_c_runtime_alone(scripts: Path) -> None:
    allowed = re.compile(
        r"\s*(linux-vdso|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)|/lib\S*/ld-linux[^.]*)\.so\S* .*"
    )
    programs = [*mlir_tools.tools(), "../libexec/mlir-tools/mlir-tools-multicall"]
    for name in programs:
        command = ["ldd", str(scripts / name)]
        shown = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
        assert [line for line in shown.splitlines() if not allowed.fullmatch(line)] == [], name


def test_the_wheel_is_for_any_python_of_this_platform(wheel: Path, measured: Callable[[str], None]) -> None:
    *_, tags = parse_wheel_filename(wheel.name)
    assert {(tag.interpreter, tag.abi) for tag in tags} == {("py3", "none")}
    assert all(re.match("(manylinux|musllinux|macosx|win)_", tag.platform) for tag in tags)
    text = _DISTRIBUTION.read_text("WHEEL") or ""
    assert "Root-Is-Purelib: false" in text
    assert set(re.findall(r"^Tag: (\S+)$", text, re.MULTILINE)) == {str(tag) for tag in tags}
    size = wheel.stat().st_size / 1e6
    measured(f"{wheel.name}: {size:.1f} MB")
    from mlir_tools import release

    if not release.local_use_only:
        assert size <= _LIMIT_MB


def test_metadata() -> None:
    facts = _DISTRIBUTION.metadata
    assert facts["Name"] == "mlir-tools"
    assert facts["License-Expression"] == "Apache-2.0 WITH LLVM-exception"
    assert facts.get_all("Requires-Dist") is None
    python = SpecifierSet(facts["Requires-Python"])
    assert "3.9" in python
    assert "3.8" not in python
    (text,) = (file for file in _FILES if file.name == "LICENSE.TXT")
    assert "LLVM Exceptions to the Apache 2.0 License" in text.read_text()
