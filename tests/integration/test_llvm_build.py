"""LLVM's real source, as far as minutes allow: the generators, the test tools, the libraries below them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import elf
from mlir_release import options
from mlir_release.run import run
from mlir_release.sdk import cost, llvm_build
from mlir_release.sdk.recipe import Recipe
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from mlir_release.toolchain import Toolchain

# The first test waits for the build.
pytestmark = pytest.mark.timeout(2400)
ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "projects" / "llvm-user"
# What every Linux has, and the C++ library.
SYSTEM = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}


@pytest.fixture(scope="module")
def workflow() -> Workflow:
    """This project itself: its pin, its patches and the user's store, which has the source."""
    return Workflow(ROOT, options.parse([], ROOT))


@pytest.fixture(scope="module")
def prefix(workflow: Workflow, compiler: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was built and installed, moved to where it was not built."""
    work = tmp_path_factory.mktemp("work")
    job = llvm_build.Job(
        tree=workflow.tree.path,
        toolchain=compiler,
        recipe=Recipe(
            cmake_targets=("mlir-tblgen", "FileCheck", "not", "count", "MLIRSupport"),
            components=("llvm-headers", "cmake-exports", "mlir-cmake-exports"),
        ),
        launcher=None,
        jobs=os.cpu_count() or 1,
        link_jobs=2,
        log=work / "build.log",
    )
    llvm_build.make(job, work)
    spent = cost.read(work / llvm_build.COST)
    assert spent.steps > 250
    assert spent.cpu_seconds > 60
    moved = tmp_path_factory.mktemp("elsewhere") / "prefix"
    shutil.move(work / llvm_build.PREFIX, moved)
    shutil.rmtree(work)
    return moved


def test_the_handful_of_libraries(prefix: Path) -> None:
    names = {path.name for path in (prefix / "lib").glob("*.a")}
    assert {"libLLVMSupport.a", "libLLVMTableGen.a", "libMLIRSupport.a", "libMLIRTableGen.a"} <= names
    # Of LLVM, what these need and no more.
    assert not any(name.startswith("libLLVMX86") for name in names)


def test_libraries_can_be_part_of_a_shared_one_that_exports_nothing_of_them(
    prefix: Path, compiler: Toolchain, tmp_path: Path
) -> None:
    library = tmp_path / "library.so"
    whole = ["-Wl,--whole-archive", str(prefix / "lib/libMLIRSupport.a"), "-Wl,--no-whole-archive"]
    run([compiler.cxx, "-shared", "-Wl,--unresolved-symbols=ignore-all", *whole, "-o", library])
    mlir = {name for name in elf.exported(library) if "mlir" in name}
    # The one function that upstream exports whatever the visibility (mlir/include/mlir/Support/TypeID.h).
    assert mlir <= {"_ZN4mlir6detail22FallbackTypeIDResolver22registerImplicitTypeIDEN4llvm9StringRefE"}
    assert library.stat().st_size > 100_000


def test_programs_are_stripped_and_need_nothing_but_the_system(prefix: Path) -> None:
    for name in ("mlir-tblgen", "FileCheck", "not", "count"):
        assert elf.needed(prefix / "bin" / name) <= SYSTEM
        assert elf.is_stripped(prefix / "bin" / name)


def test_the_generator_generates(prefix: Path, workflow: Workflow) -> None:
    include = workflow.tree.path / "mlir/include"
    definitions = include / "mlir/Dialect/Func/IR/FuncOps.td"
    made = run([prefix / "bin/mlir-tblgen", "-gen-op-decls", "-I", include, definitions])
    assert "class FuncOp" in made.output


def test_filecheck_checks(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("CHECK: hello\n")
    for text, status in (("hello", 0), ("bye", 1)):
        (tmp_path / "input").write_text(text)
        given = f"--input-file={tmp_path / 'input'}"
        assert run([prefix / "bin/FileCheck", tmp_path / "checks", given], check=False).status == status


def test_a_project_finds_what_has_moved(prefix: Path, compiler: Toolchain, tmp_path: Path) -> None:
    found, cxx = f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler.cxx}"
    run(["cmake", "-G", "Ninja", "-S", str(PROJECT), "-B", str(tmp_path), found, cxx])
    run(["cmake", "--build", tmp_path])
    assert run([tmp_path / "user"]).output == "LLVM 22.1.8\n"


def test_no_file_names_where_it_was_built(prefix: Path, workflow: Workflow) -> None:
    telltales = [str(workflow.store.root).encode(), b"/work0/"]
    for path in prefix.rglob("*"):
        if path.is_file() and path.suffix in {".cmake", ".h", ".inc", ".py"}:
            content = path.read_bytes()
            assert not any(telltale in content for telltale in telltales), path
