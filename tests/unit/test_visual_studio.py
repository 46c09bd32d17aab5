"""Visual Studio's tools on a stand-in Windows: its folders, vswhere, vcvarsall.bat, cmd and compilers."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release import developer, toolchain, visual_studio
from mlir_release.compilers import NoCompiler
from mlir_release.errors import UserError
from mlir_release.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.unit.conftest import Machine

# Runs a batch file as far as ours goes: "vcvarsall.bat" is a list of variables here, or the word FAILS.
_CMD = """\
#!{python} -IS
import os, re, sys
assert sys.argv[1:3] == ["/d", "/c"], sys.argv
with open(sys.argv[3].replace("\\\\", "/"), newline="") as stream:
    lines = stream.read().split("\\r\\n")
assert lines[0] == "@chcp 65001 >nul" and lines[-2:] == ["@set", ""], lines
variable, machine = re.fullmatch('@call "%(.+)%" ([a-z0-9]+) >nul', lines[1]).groups()
with open(os.environ[variable], encoding="utf-8") as stream:
    text = stream.read()
if text == "FAILS":
    sys.exit(1)
print("".join(f"{{key}}={{value}}\\n" for key, value in os.environ.items()) + text.format(machine=machine))
"""
_CL = """\
[ "$VSLANG" = 1033 ] || exit 1
[ -n "$INCLUDE" ] || {{ echo "fatal error C1083: Cannot open include file: 'stdlib.h'"; exit 2; }}
case "$*" in
  *--version) echo 'Microsoft (R) C/C++ Optimizing Compiler Version {version} for x64'
              echo 'Copyright (C) Microsoft Corporation.  All rights reserved.'; exit 2;;
  */MT*) {compile};;
  *) exit 3;;
esac"""
_CLANG_CL = """\
case "$*" in
  *--version) echo 'clang version {version}'; echo 'Target: x86_64-pc-windows-msvc';;
  */MT*) exit 0;;
esac"""
_VCVARS = """\
Path={path}
INCLUDE=C:\\Program Files (x86)\\Windows Kits\\10\\include
VCToolsInstallDir=C:\\VC\\14.44.35207\\
VCToolsVersion=14.44.35207
WindowsSDKVersion=10.0.26100.0\\
VSCMD_ARG_TGT_ARCH={{machine}}
"""


@dataclass(frozen=True)
class Windows:
    """A machine with a Visual Studio in a folder with spaces, an ä and parentheses."""

    machine: Machine
    programs: Path
    machine_name: str = "amd64"

    @property
    def environ(self) -> dict[str, str]:
        # As os.environ has it on Windows: names in capitals.
        return {"PROGRAMFILES(X86)": str(self.programs), "PATH": str(self.machine.bin)}

    @property
    def installation(self) -> Path:
        return self.programs / "Microsoft Visual Studio" / "2022" / "Bücher (1)"

    @property
    def tools(self) -> Path:
        return self.installation / "VC" / "bin"

    def has_vswhere(self, installations: Sequence[Path]) -> None:
        listed = json.dumps([{"installationPath": str(path)} for path in installations])
        vswhere = self.programs / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
        vswhere.parent.mkdir(parents=True)
        vswhere.write_text(f"#!/bin/sh\necho \"$@\" > '{self.machine.state}/ASKED'\necho '{listed}'\n")
        vswhere.chmod(0o755)

    def has_vcvarsall(self, text: str | None = None) -> None:
        script = self.installation / "VC" / "Auxiliary" / "Build" / "vcvarsall.bat"
        script.parent.mkdir(parents=True)
        path = os.pathsep.join([str(self.tools), str(self.machine.bin)])
        script.write_text(text or _VCVARS.format(path=path), encoding="utf-8")
        cmd = self.machine.bin / "cmd"
        cmd.write_text(_CMD.format(python=sys.executable))
        cmd.chmod(0o755)

    def has_compiler(self, name: str, script: str) -> Path:
        self.tools.mkdir(parents=True, exist_ok=True)
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def surroundings(self, environ: dict[str, str] | None = None) -> developer.Surroundings:
        (target,) = (it for it in TARGETS if it.name == f"windows-{self.machine_name}")
        return developer.of_windows(target, environ or self.environ)

    def find(self, **named: str) -> toolchain.Toolchain:
        return toolchain.find(
            llvm_major=22, cc=named.get("cc"), cxx=named.get("cxx"), around=self.surroundings()
        )


@pytest.fixture
def bare(machine: Machine, tmp_path: Path) -> Windows:
    """A Windows on which nobody has installed anything."""
    return Windows(machine, tmp_path / "Program Files (x86)")


@pytest.fixture
def windows(bare: Windows) -> Windows:
    """One with a Visual Studio that has cl."""
    bare.has_vswhere([bare.installation])
    bare.has_vcvarsall()
    bare.has_compiler("cl", _CL.format(version="19.44.35211", compile="exit 0"))
    return bare


def test_cl_of_the_newest_visual_studio(windows: Windows) -> None:
    found = windows.find()
    assert found.cc == found.cxx == windows.tools / "cl"
    assert (found.name, found.linker) == ("MSVC 19.44.35211", None)
    assert found.target
    assert found.target.name == "windows-amd64"
    asked = (windows.machine.state / "ASKED").read_text()
    assert "-latest -products * -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64" in asked


def test_every_step_gets_its_environment(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CL", "/MD")
    variables = windows.find().variables
    assert variables["INCLUDE"] == "C:\\Program Files (x86)\\Windows Kits\\10\\include"
    assert variables["PATH"] == f"{windows.tools}{os.pathsep}{windows.machine.bin}"
    assert variables["CC"] == variables["CXX"] == str(windows.tools / "cl")
    # cl and link would add these to their command lines.
    assert [variables[name] for name in ("CL", "_CL_", "LINK", "_LINK_")] == [None] * 4


def test_keys_know_compiler_libraries_and_settings(windows: Windows) -> None:
    key = windows.find().key
    assert key["compiler"] == "Microsoft (R) C/C++ Optimizing Compiler Version 19.44.35211 for x64"
    assert key["visual studio"] == "14.44.35207, SDK 10.0.26100.0"
    assert "CMAKE_MSVC_RUNTIME_LIBRARY=MultiThreaded" in key["settings"]


def test_an_arm64_python_gets_compilers_for_arm64(windows: Windows) -> None:
    arm = replace(windows, machine_name="arm64")
    assert arm.surroundings().variables["VSCMD_ARG_TGT_ARCH"] == "arm64"
    assert "VC.Tools.ARM64" in (windows.machine.state / "ASKED").read_text()


def test_clang_cl_where_it_is_asked_for_or_alone(windows: Windows) -> None:
    clang_cl = windows.has_compiler("clang-cl", _CLANG_CL.format(version="19.1.5"))
    assert windows.find().name == "MSVC 19.44.35211"
    assert windows.find(cc="clang-cl").cxx == clang_cl
    (windows.tools / "cl").unlink()
    assert windows.find().name == "clang-cl 19.1.5"


def test_an_active_environment_is_taken_as_it_is(bare: Windows) -> None:
    # Nothing but the environment is there: nobody asks vswhere.
    active = {"VCTOOLSINSTALLDIR": "C:\\VC\\", "VCTOOLSVERSION": "14.40", "WINDOWSSDKVERSION": "10.0.1\\"}
    around = bare.surroundings({**active, "VSCMD_ARG_TGT_ARCH": "x64", "CPATH": "C:\\mine"})
    assert around.facts["visual studio"] == "14.40, SDK 10.0.1"
    assert around.variables["VCTOOLSINSTALLDIR"] == "C:\\VC\\"
    assert not around.variables.keys() & {"PATH", "CPATH"}
    with pytest.raises(UserError, match="compiles for x86, and this Python is one for amd64: start nox from"):
        bare.surroundings({**active, "VSCMD_ARG_TGT_ARCH": "x86"})


def test_no_visual_studio(bare: Windows) -> None:
    with pytest.raises(UserError, match=r"no Visual Studio is on this machine .*: install Visual Studio"):
        bare.surroundings()


def test_a_visual_studio_without_the_compilers(bare: Windows) -> None:
    bare.has_vswhere([])
    with pytest.raises(UserError, match=r"no Visual Studio here has a C\+\+ compiler for amd64 .*: install"):
        bare.surroundings()


@pytest.mark.parametrize("text", ["FAILS", "VCToolsVersion=14.44\n"])
def test_a_visual_studio_that_is_damaged(bare: Windows, text: str) -> None:
    bare.has_vswhere([bare.installation])
    bare.has_vcvarsall(text)
    with pytest.raises(UserError, match=r"vcvarsall\.bat amd64 does not set up a compiler .*: repair that"):
        bare.surroundings()


def test_a_cl_that_is_too_old(windows: Windows) -> None:
    windows.has_compiler("cl", _CL.format(version="19.27.29112", compile="exit 0"))
    with pytest.raises(NoCompiler, match=r"MSVC 19\.27\.29112 .*: LLVM needs MSVC 19\.28 or newer"):
        windows.find()


def test_a_cl_that_does_not_compile_says_why(windows: Windows) -> None:
    error = "echo \"program.cpp(2): fatal error C1083: Cannot open include file: 'vector'\"; exit 2"
    windows.has_compiler("cl", _CL.format(version="19.44.35211", compile=error))
    with pytest.raises(NoCompiler, match=r"cannot build a small C\+\+17 program .*include file: 'vector'"):
        windows.find()


def test_another_systems_compilers_are_refused(windows: Windows) -> None:
    # The gcc that hosted Windows machines have on PATH.
    windows.machine.program("gcc", "echo 'gcc (Rev2, Built by MSYS2) 14.2.0'; echo Free Software Foundation")
    windows.machine.program("g++", "echo 'g++ (Rev2, Built by MSYS2) 14.2.0'; echo Free Software Foundation")
    with pytest.raises(NoCompiler, match="extensions on Windows, and no others, are compiled with cl or"):
        windows.find(cc="gcc")


_NAMES = st.text(st.characters(codec="ascii", categories=["L", "Nd"], include_characters="_()"), min_size=1)
_VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" ="), min_size=1
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_what_set_prints_is_read(variables: dict[str, str]) -> None:
    wanted = {name.upper(): value for name, value in variables.items()}
    lines = [f"{name}={value}\r\n" for name, value in wanted.items()]
    assert visual_studio.parse(["Active code page: 65001\r\n", *lines]) == wanted
    assert visual_studio.changed(wanted, wanted) == {}
    assert visual_studio.changed(wanted, {}) == wanted
