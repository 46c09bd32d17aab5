from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlir_release import toolchain
from mlir_release.compilers import NoCompiler
from small_compilers import HEADER_MISSING, clang, compiler, gcc

if TYPE_CHECKING:
    from tests.unit.conftest import Machine

    from mlir_release.store import Store


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
        compiler(machine, name, clang("22.1.8"), compile_=HEADER_MISSING)
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


def test_what_the_environment_changes_in_results_is_in_the_key(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(machine, "gcc", gcc("12.2.0"))
    keys = []
    for epoch in ("1", "2"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        keys.append(toolchain.find(llvm_major=22).key)
    assert keys[0] != keys[1]


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
