"""Libraries of an older system: a real one, and trees that are none."""

from __future__ import annotations

import os
import re
import shutil
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

import machine
from debian_tree import unpack
from mlir_release import apt, environments, sysroot, toolchain
from mlir_release.compilers import NoCompiler
from mlir_release.errors import UserError
from mlir_release.repair import repair
from mlir_release.run import run
from mlir_release.store import Store

if TYPE_CHECKING:
    from mlir_release.environments import Environment
    from mlir_release.interpreters import Interpreter
    from mlir_release.toolchain import Toolchain

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="older systems' libraries are for Linux"),
    pytest.mark.skipif(not apt.present(), reason="without apt, no older Debian is to be had"),
]

PROJECT = Path(__file__).parent / "projects" / "crossing"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sysroot")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return Store.open(folder / "store")


@pytest.fixture(scope="module")
def tree(folder: Path) -> Path:
    """What a compiler needs of Debian 11, as debootstrap would lay it out, with absolute links."""
    made = unpack("bullseye", ["libc6-dev", "libstdc++-10-dev"], folder / "bullseye")
    assert (made / "usr/lib/x86_64-linux-gnu/libm.so").exists() or os.uname().machine != "x86_64"
    return made


@pytest.fixture(scope="module")
def old(tree: Path, store: Store, compiler: Toolchain) -> Toolchain:
    assert compiler.name.startswith("clang")
    return toolchain.obtain(llvm_major=22, store=store, sysroot=tree)


def test_nothing_leads_out_of_it(tree: Path, store: Store) -> None:
    made = sysroot.obtain(tree, store)
    assert made.description == "glibc 2.31, libstdc++ of gcc 10"
    links = [path for path in made.path.rglob("*") if path.is_symlink()]
    assert any(link.name == "libdl.so" and link.exists() for link in links)
    for link in links:
        assert not os.path.isabs(os.readlink(link))  # noqa: PTH115, PTH117
        assert link.resolve().is_relative_to(made.path)


def test_its_content_is_what_it_is(tree: Path, store: Store, tmp_path: Path) -> None:
    first = sysroot.obtain(tree, store)
    copy = shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    assert sysroot.obtain(copy, store) == first
    (copy / "usr/include/features.h").open("a").write("// changed\n")
    assert sysroot.obtain(copy, store).key != first.key


def test_the_toolchain_is_another_one(old: Toolchain, compiler: Toolchain) -> None:
    assert old.name == compiler.name
    assert compiler.compile_flags == compiler.link_flags == ()
    assert "__GLIBC_MINOR__=31 __GLIBC__=2" in old.key["libraries"]
    assert old.key["sysroot"]
    flags = ("CFLAGS", "CXXFLAGS", "LDFLAGS")
    assert all(old.variables[name] for name in flags)
    # Nor any that were in the environment.
    assert [compiler.variables[name] for name in flags] == [None] * 3


def test_checks_with_werror_do_not_trip_over_the_flags(old: Toolchain, tmp_path: Path) -> None:
    """CMake's questions about flags are C programs, too, which do not use the C++ library."""
    (tmp_path / "program.c").write_text("int main(void) { return 0; }\n")
    run(
        [
            old.cc,
            "-Werror",
            *old.compile_flags,
            *old.link_flags,
            tmp_path / "program.c",
            "-o",
            tmp_path / "program",
        ],
        quiet=True,
    )


def test_debians_own_python_can_be_built_for(old: Toolchain, tmp_path: Path) -> None:
    """A part of its headers is in /usr/include, where no compiler with a sysroot looks."""
    headers = Path("/usr/include")
    if not any(headers.glob("python3.*/Python.h")):
        assert apt.can_install(), f"this test needs python3-dev: {apt.command(['python3-dev'])}"
        with machine.LOCK:
            apt.install(["python3-dev"], tmp_path / "apt.log")
    found = sorted(headers.glob("python3.*/Python.h"))
    (tmp_path / "module.c").write_text("#include <Python.h>\n")
    command: list[str | Path] = [old.cc, *old.compile_flags, f"-I{found[0].parent}", "-c"]
    run([*command, tmp_path / "module.c", "-o", tmp_path / "module.o"], quiet=True)


def test_a_gcc_that_takes_this_machines_libraries_is_refused(
    tree: Path, store: Store, tmp_path: Path
) -> None:
    machine.program("g++", tmp_path)
    with pytest.raises(NoCompiler, match=r"gcc .*: links /\S+ instead of the --sysroot's libraries"):
        toolchain.obtain(llvm_major=22, store=store, cc="gcc", sysroot=tree)


SUPPORT = '#include <stdexcept>\nvoid support() { throw std::runtime_error("x"); }\n'
NEWER = 'extern "C" void newer_than_2020();\nvoid demangle() { newer_than_2020(); }\n'


def archive(toolchain_: Toolchain, path: Path, text: str) -> None:
    source = path.with_suffix(".cpp")
    source.write_text(text)
    compiled = path.with_suffix(".o")
    run([toolchain_.cxx, *toolchain_.compile_flags, "-fPIC", "-c", source, "-o", compiled], quiet=True)
    run(["ar", "rcs", path, compiled], quiet=True)


def test_libraries_that_were_made_for_it_and_others(old: Toolchain, tmp_path: Path) -> None:
    archive(old, tmp_path / "libLLVMSupport.a", SUPPORT)
    archive(old, tmp_path / "libLLVMDemangle.a", "")
    toolchain.ensure_links(old, tmp_path)
    archive(old, tmp_path / "libLLVMDemangle.a", NEWER)
    with pytest.raises(UserError) as caught:
        toolchain.ensure_links(old, tmp_path)
    assert str(caught.value) == (
        f"the LLVM in {tmp_path} was not compiled for the --sysroot: it does not link with what is there"
        " (undefined: newer_than_2020); take --sdk build, or an SDK wheel that was built with this --sysroot"
    )
    (tmp_path / "libLLVMSupport.a").unlink()
    with pytest.raises(UserError, match=r"\((cannot open|no such file).*libLLVMSupport\.a"):
        toolchain.ensure_links(old, tmp_path)


@pytest.fixture(scope="module")
def wheel(old: Toolchain, interpreter: Interpreter, store: Store, folder: Path) -> Path:
    """The project's raw wheel, built as distributions are."""
    log = folder / "wheel.log"
    environment = environments.create(interpreter, folder / "building", log=log)
    environment.install(["scikit-build-core>=1.1", "nanobind==2.12.0"], log=log)
    linker = f"--config-settings=cmake.define.CMAKE_LINKER_TYPE={(old.linker or 'default').upper()}"
    pip: list[str | Path] = [environment.python, "-m", "pip", "wheel", "--no-cache-dir"]
    pip += ["--no-build-isolation", "--no-deps"]
    run(
        [*pip, linker, f"--config-settings=build-dir={folder / 'build'}", "-w", folder / "dist", PROJECT],
        env=old.variables,
        log=log,
    )
    (made,) = (folder / "dist").glob("*.whl")
    return repair(made, library_dirs=[], store=store)


@pytest.fixture(scope="module")
def installed(wheel: Path, interpreter: Interpreter, folder: Path) -> Environment:
    environment = environments.create(interpreter, folder / "testing", log=folder / "testing.log")
    environment.install(["--no-index", "--no-deps", wheel], log=folder / "testing.log")
    return environment


def test_its_wheel_is_for_systems_since_2014(wheel: Path) -> None:
    assert re.search(r"-manylinux2014_\w+\.manylinux_2_17_\w+\.whl$", wheel.name)


@pytest.mark.parametrize("order", [["_first", "_second"], ["_second", "_first"]])
def test_exceptions_and_types_cross_its_shared_objects(installed: Environment, order: list[str]) -> None:
    done = run([installed.python, "-I", PROJECT / "check.py", *order], quiet=True)
    assert done.output == "printed 1.5\n" * 2


def test_its_copies_of_the_library_are_hidden(installed: Environment) -> None:
    objects = list((installed.folder / "lib").rglob("crossing/*.so"))
    assert len(objects) == 4
    for path in objects:
        assert b"libstdc++.so" not in path.read_bytes()
        assert b"_ZTISt12out_of_range\0" not in dynamic_strings(path)


def dynamic_strings(path: Path) -> bytes:
    """The names in the dynamic symbol table."""
    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".dynsym")
        assert isinstance(section, SymbolTableSection)
        names = [symbol.name for symbol in section.iter_symbols() if symbol["st_shndx"] != "SHN_UNDEF"]
    return "\0".join(names).encode() + b"\0"


class TestBadTrees:
    @pytest.fixture
    def small(self, tmp_path: Path) -> Path:
        """As little as passes for a tree, until something is compiled."""
        made = tmp_path / "small"
        lib = made / "usr/lib/x86_64-linux-gnu"
        static = made / "usr/lib/gcc/x86_64-linux-gnu/10/libstdc++.a"
        for path in (lib, static.parent, made / "usr/include"):
            path.mkdir(parents=True)
        static.write_bytes(b"!<arch>\n")
        shutil.copyfile(Path(sys.executable).resolve(), lib / "libc.so.6")
        (made / "usr/include/features.h").write_text("#define __GLIBC__ 2\n#define\t__GLIBC_MINOR__\t31\n")
        return made

    def refusal(self, tree: Path, store: Store) -> str:
        with pytest.raises(UserError) as caught:
            toolchain.obtain(llvm_major=22, store=store, sysroot=tree)
        return str(caught.value)

    def test_no_folder(self, small: Path, store: Store) -> None:
        line = self.refusal(small / "nowhere", store)
        assert line == f"--sysroot {small / 'nowhere'}: there is no such folder"

    @pytest.mark.parametrize(
        ("lost", "complaint"),
        [
            ("usr/lib/x86_64-linux-gnu/libc.so.6", r"it has no C library \(libc\.so\.6\)"),
            ("usr/include/features.h", "it has no headers of glibc; install libc6-dev"),
            ("usr/lib/gcc/x86_64-linux-gnu/10/libstdc++.a", r"it has no static C\+\+ library"),
        ],
    )
    def test_something_is_missing(self, small: Path, store: Store, lost: str, complaint: str) -> None:
        (small / lost).unlink()
        assert re.search(complaint, self.refusal(small, store))

    def test_a_link_to_this_machines_library_does_not_count(self, small: Path, store: Store) -> None:
        shutil.rmtree(small / "usr/lib/x86_64-linux-gnu")
        (small / "lib").symlink_to("/usr/lib")
        assert "it has no C library" in self.refusal(small, store)

    def test_another_architecture(self, small: Path, store: Store) -> None:
        libc = small / "usr/lib/x86_64-linux-gnu/libc.so.6"
        content = bytearray(libc.read_bytes())
        content[18:20] = struct.pack("<H", 243)  # RISC-V
        libc.write_bytes(content)
        line = self.refusal(small, store)
        assert line.endswith("its C library is not one of this machine's architecture")

    def test_one_in_which_nothing_links(
        self, small: Path, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)  # root would have a compiler installed
        assert "cannot build a small C++17 program" in self.refusal(small, store)
