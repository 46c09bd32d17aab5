from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import toolchain
from mlir_release.compilers import NoCompiler

if TYPE_CHECKING:
    from tests.unit.conftest import Machine

    from mlir_release.store import Store

# Compilers as scripts. They compile anything; LINKERS are the -fuse-ld values that they know.
_SCRIPT = """\
case "$*" in
  *--version) case "$*" in
      -Wl,*) echo "GNU ld 2.40";;
      {linkers}
      -fuse*) echo "error: invalid linker name"; exit 1;;
      *) echo '{banner}'; echo 'Copyright (C) 2022 Free Software Foundation, Inc.';;
    esac;;
  -dumpmachine) echo x86_64-linux-gnu;;
  -E*) echo '#define __GLIBCXX__ {library}';;
  *-std=c++17*) {compile};;
  *) {link};;
esac"""
_HEADER_MISSING = "echo \"p.cpp:1:10: fatal error: 'thread' file not found\"; echo 1 error generated.; exit 1"


def compiler(
    machine: Machine,
    name: str,
    banner: str,
    *,
    linkers: dict[str, str] | None = None,
    library: int = 20220819,
    compile_: str = "exit 0",
    link: str = "exit 0",
) -> None:
    """Put a C and a C++ compiler on the machine."""
    known = "\n".join(f"-fuse-ld={key}\\ *) echo '{text}';;" for key, text in (linkers or {}).items())
    script = _SCRIPT.format(linkers=known, banner=banner, library=library, compile=compile_, link=link)
    machine.program(name, script)
    machine.program(name.replace("clang", "clang++").replace("gcc", "g++"), script)


def clang(version: str) -> str:
    return f"Debian clang version {version} (1~deb12u1)"


def gcc(version: str) -> str:
    return f"gcc (Debian {version}-14) {version}"


@pytest.mark.parametrize(
    ("on_machine", "best"),
    [
        ({"gcc": gcc("15.2.0"), "clang": clang("14.0.6")}, "clang 14.0.6"),
        ({"clang": clang("14.0.6"), "clang-9": clang("9.0.1"), "clang-22": clang("22.1.8")}, "clang 22.1.8"),
        ({"gcc-9": gcc("9.5.0"), "gcc-12": gcc("12.2.0")}, "gcc 12.2.0"),
        ({"gcc": "gcc (GCC) 13.2.1 20230801"}, "gcc 13.2.1"),
        ({"gcc-13": "gcc-13 (Homebrew GCC 13.2.0) 13.2.0"}, "gcc 13.2.0"),
        ({"clang": "Apple clang version 15.0.0 (clang-1500.3.9.4)"}, "Apple clang 15.0.0"),
        ({"gcc": "Apple clang version 15.0.0 (clang-1500.3.9.4)"}, "Apple clang 15.0.0"),
        ({"clang": clang("4.0.1"), "gcc": gcc("7.5.0")}, "gcc 7.5.0"),
    ],
)
def test_best_of_what_is_there(machine: Machine, on_machine: dict[str, str], best: str) -> None:
    for name, banner in on_machine.items():
        compiler(machine, name, banner)
    found = toolchain.find(llvm_major=22)
    assert found.name == best
    assert found.cc.parent == found.cxx.parent == machine.bin


@pytest.mark.parametrize(
    ("linkers", "chosen"),
    [
        ({}, None),
        ({"lld": "Debian LLD 22.1.8 (compatible with GNU linkers)"}, "lld"),
        ({"mold": "mold 2.4.0 (compatible with GNU ld)", "lld": "LLD 22.1.8"}, "lld"),
        ({"lld": "LLD 14.0.6"}, None),
        ({"lld": "LLD 14.0.6", "mold": "mold 2.4.0 (compatible with GNU ld)"}, "mold"),
    ],
)
def test_linker_of_this_clang(machine: Machine, linkers: dict[str, str], chosen: str | None) -> None:
    compiler(machine, "clang-22", clang("22.1.8"), linkers=linkers)
    found = toolchain.find(llvm_major=22)
    assert found.linker == chosen
    assert found.key["linker"] == (linkers[chosen] if chosen else "GNU ld 2.40")


def test_linker_that_cannot_link_is_not_taken(machine: Machine) -> None:
    link = 'case "$*" in *fuse*) exit 1;; esac'
    compiler(machine, "clang", clang("22.1.8"), linkers={"lld": "LLD 22.1.8"}, link=link)
    assert toolchain.find(llvm_major=22).linker is None


def test_clang_without_a_cxx_library_is_passed_over(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("clang", "clang-22"):  # one compiler by two names: said once
        compiler(machine, name, clang("22.1.8"), compile_=_HEADER_MISSING)
    compiler(machine, "gcc", gcc("12.2.0"))
    assert toolchain.find(llvm_major=22).name == "gcc 12.2.0"
    assert capsys.readouterr().out == (
        f"   passed over clang 22.1.8 ({machine.bin / 'clang++'}):"
        " cannot build a small C++17 program ('thread' file not found)\n"
    )


def test_clang_that_cannot_link_is_passed_over(machine: Machine) -> None:
    compiler(
        machine, "clang", clang("22.1.8"), link="echo 'ld: error: unable to find library -lstdc++'; exit 1"
    )
    with pytest.raises(NoCompiler, match=r"\(unable to find library -lstdc\+\+\)"):
        toolchain.find(llvm_major=22)


def test_c_compiler_alone_is_passed_over(machine: Machine) -> None:
    machine.program("gcc", "exit 0")
    with pytest.raises(NoCompiler, match="gcc: it has no C\\+\\+ compiler beside it"):
        toolchain.find(llvm_major=22)


def test_programs_of_that_name_that_are_none(machine: Machine) -> None:
    compiler(machine, "clang", "hello")
    (machine.bin / "gcc").mkdir()
    (machine.bin / "clang-22").write_text("not executable")
    with pytest.raises(NoCompiler, match="clang: it does not say its version") as caught:
        toolchain.find(llvm_major=22)
    assert "gcc:" not in str(caught.value)
    assert "clang-22:" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "banner", "floor"),
    [
        ("clang", clang("4.0.1"), "clang 5.0"),
        ("gcc", gcc("7.3.0"), "gcc 7.4"),
        ("clang", "Apple clang version 9.1.0 (clang-902.0.39.2)", "Apple clang 10.0"),
    ],
)
def test_too_old(machine: Machine, name: str, banner: str, floor: str) -> None:
    compiler(machine, name, banner)
    with pytest.raises(NoCompiler, match=f"LLVM needs {floor} or newer"):
        toolchain.find(llvm_major=22)


def test_key_tells_toolchains_apart(machine: Machine) -> None:
    def key(library: int = 20220819) -> dict[str, str]:
        compiler(machine, "clang", clang("22.1.8"), library=library)
        return dict(toolchain.find(llvm_major=22).key)

    first = key()
    assert first == {
        "compiler": clang("22.1.8"),
        "target": "x86_64-linux-gnu",
        "linker": "GNU ld 2.40",
        "libraries": "__GLIBCXX__=20220819",
    }
    assert key() == first
    assert key(library=20230528) != first


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


def test_what_the_environment_changes_in_results_is_in_the_key(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(machine, "gcc", gcc("12.2.0"))
    keys = []
    for epoch in ("1", "2"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        keys.append(toolchain.find(llvm_major=22).key)
    assert keys[0] != keys[1]


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


# None there.


def arriving(machine: Machine, name: str, banner: str) -> str:
    """A script that makes a compiler appear."""
    compiler(machine, name, banner)
    later = machine.state / "later"
    later.mkdir()
    for path in machine.bin.glob("clang*"):
        path.rename(later / path.name)
    return f"/bin/mv {later}/clang* {machine.bin}"


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("suffix", "version", "after_an_update"),
    [
        pytest.param("-22", "22.1.8", True, id="of-this-llvm"),
        pytest.param("", "14.0.6", False, id="the-distributions-otherwise"),
    ],
)
def test_root_gets_a_clang(
    machine: Machine, store: Store, suffix: str, version: str, *, after_an_update: bool
) -> None:
    packages = {f"{name}{suffix}": f"1:{version}-1" for name in ("clang", "lld")}
    machine.has_apt(
        archive={} if after_an_update else packages,
        news=packages if after_an_update else None,
        hook=arriving(machine, f"clang{suffix}", clang(version)),
    )
    assert toolchain.obtain(llvm_major=22, store=store).name == f"clang {version}"
    assert machine.calls("apt-get")[-1].endswith(f" clang{suffix} lld{suffix}")


@pytest.mark.usefixtures("root")
def test_a_compiler_by_hand_installs_nothing(machine: Machine, store: Store) -> None:
    machine.has_apt(archive={"clang-22": "1:22.1.8-1", "lld-22": "1:22.1.8-1"})
    with pytest.raises(NoCompiler, match="'nothing'"):
        toolchain.obtain(llvm_major=22, store=store, cc="nothing")
    assert machine.calls("apt-get") == []


@pytest.mark.usefixtures("user")
def test_user_is_given_the_command(machine: Machine, store: Store) -> None:
    machine.has_apt()
    with pytest.raises(NoCompiler) as caught:
        toolchain.obtain(llvm_major=22, store=store)
    assert str(caught.value) == (
        "no C++ compiler that can build MLIR: looked on PATH for clang 5.0, Apple clang 10.0, gcc 7.4"
        " or newer; to get one: `sudo apt-get install clang-22 lld-22`"
    )


@pytest.mark.usefixtures("machine")
def test_no_compiler_and_no_apt(store: Store) -> None:
    with pytest.raises(NoCompiler, match=r"to get one: (install clang or gcc|xcode-select)"):
        toolchain.obtain(llvm_major=22, store=store)
