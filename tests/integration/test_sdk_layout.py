"""The folders that SDK wheels are made of, laid out from a small prefix with real static libraries."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release.run import run
from sdk_exports import Exported, configuration_file, main_file

if TYPE_CHECKING:
    from mlir_release.run import Completed
    from mlir_release.toolchain import Toolchain

CODE = Path(__file__).parents[2] / "packaging" / "common" / "sdk-package"
UTILITIES = ("llvm-tblgen", "llvm-config", "FileCheck", "count", "not", "split-file")
LLVM = [
    Exported(name="LLVMSupport", links=["m"], files=["lib/libLLVMSupport.a"]),
    *(Exported(name=name, kind="EXECUTABLE", files=[f"bin/{name}"]) for name in UTILITIES),
]
MLIR = [
    Exported(name="mlir-tblgen", kind="EXECUTABLE", files=["bin/mlir-tblgen"]),
    Exported(name="MLIRTestDialect", files=["lib/libMLIRTestDialect.a"]),
    Exported(
        name="MLIRCAPIIR",
        links=["LLVMSupport"],
        files=["lib/libMLIRCAPIIR.a"],
        properties={
            "MLIR_AGGREGATE_DEP_LIBS_IMPORTED": "LLVMSupport",
            "MLIR_AGGREGATE_OBJECT_LIB_IMPORTED": "obj.MLIRCAPIIR",
        },
    ),
]
MLIR_CONFIG = """\
find_package(LLVM 22.1.8 EXACT REQUIRED CONFIG HINTS "${MLIR_INSTALL_PREFIX}/lib/cmake/llvm")
set(MLIR_INSTALL_AGGREGATE_OBJECTS "OFF")
set(MLIR_ENABLE_BINDINGS_PYTHON "0")
set_property(GLOBAL PROPERTY MLIR_ALL_LIBS "MLIRCAPIIR;MLIRTestDialect")
if(NOT TARGET MLIRSupport)
  include("${MLIR_CMAKE_DIR}/MLIRTargets.cmake")
endif()
"""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory, compiler: Toolchain) -> Path:
    """A prefix like a distribution's: its libraries have debug information and no objects beside them."""
    root = tmp_path_factory.mktemp("pristine")
    (root / "lib").mkdir()
    (root / "bin").mkdir()
    (root / "main.cpp").write_text("int main() { return 0; }\n")
    run([compiler.cxx, "-g", root / "main.cpp", "-o", root / "main"])
    run([compiler.cxx, "-g", "-c", root / "main.cpp", "-o", root / "IR.cpp.o"])
    # Not deterministic: it says when it was made, and by whom.
    run(["ar", "qcU", root / "main.a", root / "IR.cpp.o"])
    for name in (name for target in [*LLVM, *MLIR] for name in target.files):
        shutil.copy(root / ("main.a" if name.endswith(".a") else "main"), root / name)
    for package, targets, export, config in (
        ("llvm", LLVM, "LLVMExports", "set(LLVM_AVAILABLE_LIBS LLVMSupport;LLVMNeverBuilt)\n"),
        ("mlir", MLIR, "MLIRTargets", MLIR_CONFIG),
    ):
        folder = root / "lib" / "cmake" / package
        folder.mkdir(parents=True)
        (folder / f"{export}.cmake").write_text(main_file(export, targets))
        (folder / f"{export}-release.cmake").write_text(configuration_file(targets))
        (folder / f"{package.upper()}Config.cmake").write_text(config)
        (folder / "Add.cmake").write_text("function(add)\nendfunction()\n")
    return root


@pytest.fixture
def prefix(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "prefix"))


def lay_out(prefix: Path, output: Path, *, llvm: Path | None = None) -> Completed:
    tools = {name: shutil.which(name) or "" for name in ("ar", "strip", "readelf")}
    folders: list[str | Path] = [
        "--llvm",
        llvm or prefix / "lib/cmake/llvm",
        "--mlir",
        prefix / "lib/cmake/mlir",
    ]
    options = [word for name, path in tools.items() for word in (f"--{name}", path)]
    return run(
        ["python3", "-B", "-m", "sdk_package", *folders, *options, "--ship", "mlir", "--output", output],
        env={"PYTHONPATH": str(CODE)},
        check=False,
    )


def test_one_package_is_copied_and_the_other_linked_to(prefix: Path, tmp_path: Path) -> None:
    done = lay_out(prefix, tmp_path / "made")

    assert (done.status, done.output) == (0, "")
    ours, other = tmp_path / "made" / "mlir_sdk", tmp_path / "made" / "llvm_sdk"
    assert sorted(path.name for path in (ours / "lib").iterdir()) == [
        "cmake",
        "libMLIRCAPIIR.a",
        "objects-release",
    ]
    assert not (ours / "lib/libMLIRCAPIIR.a").is_symlink()
    assert (other / "lib/libLLVMSupport.a").readlink() == prefix / "lib/libLLVMSupport.a"
    assert os.access(ours / "bin/mlir-tblgen", os.X_OK)
    assert json.loads((tmp_path / "made/left-out.json").read_text()) == {
        "MLIRTestDialect": "a library of tests"
    }


def test_libraries_are_stripped_and_the_same_at_any_time(prefix: Path, tmp_path: Path) -> None:
    lay_out(prefix, tmp_path / "first")
    os.utime(prefix / "lib/libMLIRCAPIIR.a", (0, 0))
    lay_out(prefix, tmp_path / "second")

    contents = [
        (tmp_path / name / "mlir_sdk/lib/libMLIRCAPIIR.a").read_bytes() for name in ("first", "second")
    ]
    assert contents[0] == contents[1]
    assert b"debug_info" in (prefix / "lib/libMLIRCAPIIR.a").read_bytes()
    assert b"debug_info" not in contents[0]
    # The header of a member (ar(5)): its date, owner and group are 0.
    assert contents[0][8 + 16 : 8 + 40].split() == [b"0", b"0", b"0"]


def test_a_library_without_debug_information_is_the_same_in_the_wheel(prefix: Path, tmp_path: Path) -> None:
    library = prefix / "lib/libMLIRCAPIIR.a"
    run(["strip", "--strip-debug", library])
    lay_out(prefix, tmp_path / "made")
    assert (tmp_path / "made/mlir_sdk/lib/libMLIRCAPIIR.a").read_bytes() == library.read_bytes()


def test_object_files_are_made_of_the_static_library(prefix: Path, tmp_path: Path) -> None:
    lay_out(prefix, tmp_path / "made")

    objects = tmp_path / "made/mlir_sdk/lib/objects-release/obj.MLIRCAPIIR"
    assert [path.name for path in objects.iterdir()] == ["IR.cpp.o"]
    cmake = tmp_path / "made/mlir_sdk/lib/cmake/mlir"
    assert "add_library(obj.MLIRCAPIIR OBJECT IMPORTED)" in (cmake / "MLIRTargets.cmake").read_text()
    assert (
        'IMPORTED_OBJECTS_RELEASE "${_IMPORT_PREFIX}/lib/objects-release/obj.MLIRCAPIIR/IR.cpp.o"'
        in (cmake / "MLIRTargets-release.cmake").read_text()
    )
    assert 'set(MLIR_INSTALL_AGGREGATE_OBJECTS "ON")' in (cmake / "MLIRConfig.cmake").read_text()


def test_programs_that_the_prefix_lacks_are_named_for_compiling(prefix: Path, tmp_path: Path) -> None:
    lay_out(prefix, tmp_path / "made")

    compiled = (tmp_path / "made/compiled-programs.txt").read_text().split()
    assert "mlir-tblgen" not in compiled
    assert {"mlir-pdll", "mlir-src-sharder", "mlir-irdl-to-cpp"} <= set(compiled)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("bin/FileCheck", "has no FileCheck to ship; build it with LLVM_INSTALL_UTILS=ON"),
        ("lib/cmake/mlir/MLIRTargets-release.cmake", "has 0 configurations (), not one"),
        ("lib/cmake/mlir/MLIRConfig.cmake", "No such file or directory"),
    ],
)
def test_a_prefix_that_is_not_whole_is_one_line(prefix: Path, tmp_path: Path, damage: str, said: str) -> None:
    (prefix / damage).unlink()

    done = lay_out(prefix, tmp_path / "made")

    assert (done.status, done.output.count("\n")) == (2, 1)
    assert said in done.output


def test_a_cmake_file_that_names_the_machine_is_one_line(prefix: Path, tmp_path: Path) -> None:
    (prefix / "lib/cmake/mlir/Add.cmake").write_text(f'set(HERE "{prefix}")\n')

    done = lay_out(prefix, tmp_path / "made")

    assert (done.status, done.output.count("\n")) == (2, 1)
    assert f"names a folder of this machine: {prefix}" in done.output


def test_llvm_of_another_prefix_is_one_line(prefix: Path, tmp_path: Path) -> None:
    shutil.copytree(prefix / "lib/cmake/llvm", tmp_path / "else/lib/cmake/llvm")

    done = lay_out(prefix, tmp_path / "made", llvm=tmp_path / "else/lib/cmake/llvm")

    assert (done.status, done.output.count("\n")) == (2, 1)
    assert "are not one prefix" in done.output
