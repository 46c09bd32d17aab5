"""What is in the wheels, and that their CMake files name only that."""

from __future__ import annotations

import re
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Callable

import mlir_sdk
import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename
from sdk_package import cmake_package, foreign

from installed import check_record, check_sbom

# 10**6 bytes; what an index takes is little more.
_LIMIT_MB = 95
_CONTENTS = re.compile(
    r"(llvm|mlir)_sdk/("
    r"__init__\.py|__main__\.py|__pycache__/.*|py\.typed|release\.json|configuration\.json"
    r"|bin/[\w-]+(\.exe)?|lib/(lib)?[\w.-]+\.(a|lib|so[\d.]*|dylib|dll)|lib/objects-\w+/obj\.MLIRCAPI\w+/[\w.]+\.o"
    r"|lib/cmake/(llvm|mlir)/([\w.-]+\.(cmake|in)|__init__\.py|__pycache__/.*)|(include|src/python)/.*)"
    r"|(llvm|mlir)_sdk-[^/]+\.dist-info/.*|(llvm|mlir)_sdk\.libs/.*"
)
_EXECUTABLE = 0o111
# In CMake files: a quoted text that begins with a folder of Unix or Windows.
_ABSOLUTE = re.compile(r'"(/[\w.-]+/[\w./+-]*|[A-Za-z]:[/\\][^"]*)"')
_FILES_OF_TARGETS = re.compile(r"(?:IMPORTED_(?:LOCATION|OBJECTS)_\w+|INTERFACE_SOURCES) \"([^\"]*)\"")
# Archives (System V) begin so; each member's header has its date, owner and group as decimal text.
_ARCHIVE = b"!<arch>\n"


def _files() -> list[metadata.PackagePath]:
    return [file for name in ("llvm-sdk", "mlir-sdk") for file in metadata.files(name) or []]


def _cmake_files(prefixes: list[Path]) -> list[Path]:
    return [file for prefix in prefixes for file in sorted(prefix.glob("lib/cmake/*/*.cmake"))]


@pytest.mark.parametrize("name", ["llvm-sdk", "mlir-sdk"])
def test_files_are_those_of_the_record(name: str, measured: Callable[[str], None]) -> None:
    measured(f"{name}, {check_record(name)}")
    assert not [file for file in metadata.files(name) or [] if Path(str(file.locate())).is_symlink()]


@pytest.mark.parametrize("name", ["llvm-sdk", "mlir-sdk"])
def test_the_sbom_says_what_is_in_it(name: str) -> None:
    check_sbom(name)


def test_libraries_headers_cmake_packages_programs_and_nothing_else() -> None:
    assert [str(file) for file in _files() if not _CONTENTS.fullmatch(file.as_posix())] == []


def test_there_are_no_libraries_of_tests_and_no_shared_llvm() -> None:
    wrong = re.compile(r"lib(MLIR\w*Test\w*|LLVM\w*Test\w*|MLIRMlirOptMain|LLVM|MLIR)\.(a|so|dylib)[\d.]*")

    assert [file.name for file in _files() if wrong.fullmatch(file.name)] == []


def test_wheels_are_for_any_python_on_this_platform(wheels: list[Path]) -> None:
    for wheel in wheels:
        *_, tags = parse_wheel_filename(wheel.name)
        assert {(tag.interpreter, tag.abi) for tag in tags} == {("py3", "none")}
        assert "any" not in {tag.platform for tag in tags}


def test_wheels_are_small_enough(wheels: list[Path], measured: Callable[[str], None]) -> None:
    for wheel in wheels:
        size = wheel.stat().st_size / 1e6
        measured(f"{wheel.name}: {size:.1f} MB")
        # Those of a distribution's LLVM, which has all targets, are for local use.
        if '"sdk_provider": "build"' in _release(wheel):
            assert size <= _LIMIT_MB


def _release(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return " ".join(archive.read(f"{wheel.name.partition('-')[0]}/release.json").decode().split())


def test_programs_can_be_run_and_other_files_cannot() -> None:
    for file in _files():
        if file.name.endswith((".pyc", ".so", ".exe")):
            continue
        mode = Path(str(file.locate())).stat().st_mode
        assert bool(mode & _EXECUTABLE) == ("bin" in file.parts), file


def test_archives_say_nothing_of_when_and_by_whom_they_were_made() -> None:
    archives = [Path(str(file.locate())) for file in _files() if file.suffix == ".a"]
    assert archives
    for path in archives:
        content = path.read_bytes()
        assert content.startswith(_ARCHIVE), path
        position = len(_ARCHIVE)
        while position < len(content):
            header = content[position : position + 60]
            assert header[16:40].split() in ([b"0", b"0", b"0"], []), path
            position += 60 + int(header[48:58]) + int(header[48:58]) % 2


def test_archives_have_no_debug_information(prefixes: list[Path]) -> None:
    # The name of the section of its relocations, which stands in every such object file.
    for prefix in prefixes:
        for path in prefix.glob("lib/*.a"):
            assert b"\0.rela.debug_info\0" not in path.read_bytes(), path


def test_cmake_files_name_no_folder_of_another_machine(prefixes: list[Path]) -> None:
    generated = [
        file
        for file in _cmake_files(prefixes)
        if re.match(r"(LLVM|MLIR)(Config|Exports|Targets|PythonTargets)", file.name)
    ]
    assert len(generated) >= len(prefixes) * 3
    for file in generated:
        assert _ABSOLUTE.search(file.read_text(encoding="utf-8")) is None, file


def test_cmake_files_name_no_library_of_another_machine(prefixes: list[Path]) -> None:
    provider = mlir_sdk.release()["sdk_provider"]
    if provider != "build":
        pytest.skip(
            f"this SDK ({provider}) was made of an installed LLVM, which needs its machine's libraries"
        )
    packages = [
        cmake_package.read(name, prefix / "lib" / "cmake" / name)
        for name, prefix in zip(("llvm", "mlir"), prefixes)
    ]
    everything = [target for package in packages for target in package.targets]

    for package in packages:
        assert foreign.libraries(package.targets, everything) == []
        assert foreign.packages(package.config) == []


def test_every_file_of_a_target_is_there(prefixes: list[Path]) -> None:
    count = 0
    for prefix in prefixes:
        for file in sorted(prefix.glob("lib/cmake/*/*.cmake")):
            for match in _FILES_OF_TARGETS.finditer(file.read_text(encoding="utf-8")):
                for name in match[1].split(";"):
                    count += 1
                    assert name.startswith("${_IMPORT_PREFIX}/"), name
                    assert Path(name.replace("${_IMPORT_PREFIX}", str(prefix))).is_file(), name
    assert count > 500


def test_targets_that_downstream_projects_name_are_there(prefixes: list[Path]) -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in _cmake_files(prefixes))
    for target in (
        *("LLVMSupport", "MLIRIR", "MLIROptLib", "MLIRRegisterAllDialects", "MLIRExecutionEngine"),
        *("MLIRCAPIIR", "obj.MLIRCAPIIR", "MLIRPythonSources.Core", "MLIRPythonExtension.Core"),
        *("mlir-tblgen", "FileCheck", "count", "not"),
    ):
        assert re.search(rf"add_(library|executable)\({re.escape(target)} ", text), target


def test_mlir_sdk_wants_llvm_sdk_of_exactly_its_version() -> None:
    needed = [Requirement(text) for text in metadata.requires("mlir-sdk") or []]

    assert [(it.name, str(it.specifier)) for it in needed] == [
        ("llvm-sdk", f"=={metadata.version('mlir-sdk')}")
    ]


@pytest.mark.parametrize("name", ["llvm-sdk", "mlir-sdk"])
def test_the_license_is_there(name: str) -> None:
    files = metadata.files(name) or []
    (license_file,) = (it for it in files if it.name == "LICENSE.TXT" and ".dist-info" in str(it))

    assert "LLVM Exceptions to the Apache 2.0 License" in license_file.read_text(encoding="utf-8")
