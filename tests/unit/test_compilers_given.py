"""The compiler that a user names by CC, CXX or an option."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import toolchain
from mlir_release.compilers import NoCompiler
from small_compilers import clang, compiler, gcc

if TYPE_CHECKING:
    from tests.unit.conftest import Machine


@pytest.mark.parametrize(
    ("given", "cc", "cxx"),
    [
        ({"cc": "gcc"}, "gcc", "g++"),
        ({"cxx": "g++"}, "gcc", "g++"),
        ({"cc": "clang-22"}, "clang-22", "clang++-22"),
        ({"cxx": "clang++-22"}, "clang-22", "clang++-22"),
        ({"cc": "gcc", "cxx": "clang++-22"}, "gcc", "clang++-22"),
    ],
)
def test_compiler_by_hand(machine: Machine, given: dict[str, str], cc: str, cxx: str) -> None:
    compiler(machine, "clang-22", clang("22.1.8"))
    compiler(machine, "gcc", gcc("12.2.0"))
    found = toolchain.find(llvm_major=22, cc=given.get("cc"), cxx=given.get("cxx"))
    assert (found.cc, found.cxx) == (machine.bin / cc, machine.bin / cxx)
    by_path = {side: str(machine.bin / name) for side, name in given.items()}
    assert toolchain.find(llvm_major=22, cc=by_path.get("cc"), cxx=by_path.get("cxx")) == found


@pytest.mark.parametrize("given", [{"cc": "gcc -m64"}, {"cc": "gcc -m64", "cxx": "g++ -m64"}])
def test_flags_behind_a_compiler_are_its_own(machine: Machine, given: dict[str, str]) -> None:
    compiler(machine, "gcc", gcc("12.2.0"))
    found = toolchain.find(llvm_major=22, cc=given["cc"], cxx=given.get("cxx"))
    assert (found.cc, found.cxx) == (machine.bin / "gcc", machine.bin / "g++")
    assert (found.variables["CFLAGS"], found.variables["CXXFLAGS"]) == ("-m64", "-m64")
    assert found.key != toolchain.find(llvm_major=22, cc="gcc").key


def test_flags_with_which_a_compiler_does_not_work(machine: Machine) -> None:
    compiler(machine, "gcc", gcc("12.2.0"), link='case "$*" in *-m32*) exit 1;; esac')
    with pytest.raises(NoCompiler, match="cannot build a small"):
        toolchain.find(llvm_major=22, cc="gcc -m32")


def test_a_launcher_before_a_compiler_starts_it(machine: Machine) -> None:
    compiler(machine, "gcc", gcc("12.2.0"))
    launcher = machine.program("ccache", 'exec "$@"')
    found = toolchain.find(llvm_major=22, cc="ccache gcc -m64")
    assert (found.cc, found.cxx, found.compile_flags) == (machine.bin / "gcc", machine.bin / "g++", ("-m64",))
    assert {found.variables[f"CMAKE_{it}_COMPILER_LAUNCHER"] for it in ("C", "CXX")} == {str(launcher)}


def test_a_compilers_path_may_have_spaces(machine: Machine) -> None:
    (machine.bin / "a b").mkdir()
    compiler(machine, "a b/gcc", gcc("12.2.0"))
    (machine.bin / "a b/gcc").with_name("g++").write_text((machine.bin / "a b/gcc").read_text())
    (machine.bin / "a b/g++").chmod(0o755)
    assert toolchain.find(llvm_major=22, cc=str(machine.bin / "a b/gcc")).cxx == machine.bin / "a b/g++"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"cc": "gcc -m64", "cxx": "g++"}, "have different launchers or flags"),
        ({"cc": "gcc 'x"}, "is not a program"),
        ({"cc": " "}, "is not a program"),
        ({"cc": "nothing"}, "'nothing', given as the C compiler, is not a program"),
        ({"cxx": "ccache g++"}, "'ccache g\\+\\+', given as the C\\+\\+ compiler, is not a program"),
        ({"cc": "tool"}, "no C\\+\\+ compiler goes with tool; set both CC and CXX"),
        ({"cxx": "tool"}, "no C compiler goes with tool; set both CC and CXX"),
        ({"cc": "tool", "cxx": "tool"}, "tool is none of clang, gcc, cl and clang-cl"),
        ({"cc": "clang"}, "clang 4.0.1 .* LLVM needs clang 5.0 or newer"),
    ],
)
def test_bad_compiler_by_hand(machine: Machine, given: dict[str, str], complaint: str) -> None:
    machine.program("tool", "exit 0")
    compiler(machine, "clang", clang("4.0.1"))
    compiler(machine, "gcc", gcc("12.2.0"))
    with pytest.raises(NoCompiler, match=complaint):
        toolchain.find(llvm_major=22, cc=given.get("cc"), cxx=given.get("cxx"))
