"""Which sources programs have, as CMake files like upstream's say it: what `mlir-tools` compiles."""

from __future__ import annotations

from pathlib import Path

import pytest

import real_trees
from mlir_release.run import run
from mlir_release.sdk import outside

MODULES = Path(__file__).parents[2] / "packaging" / "common" / "cmake"
PROJECT = """\
cmake_minimum_required(VERSION 3.28)
project(asker LANGUAGES NONE)
list(PREPEND CMAKE_MODULE_PATH "{modules}")
include(UpstreamTools)
upstream_sources(sources {program} AVAILABLE MLIRIR)
list(TRANSFORM sources REPLACE "^${{LLVM_PROJECT_SOURCE}}/" "")
set(MLIR_RELEASE_PROVENANCE "${{CMAKE_BINARY_DIR}}/provenance.json")
file(WRITE "${{MLIR_RELEASE_PROVENANCE}}" "{{}}")
write_provenance(DESTINATION . COMPONENT all)
file(WRITE "${{CMAKE_BINARY_DIR}}/sources" "${{sources}}")
"""
TREE = {
    "llvm/tools/llc/CMakeLists.txt": """\
set(LLVM_LINK_COMPONENTS Core)
add_llvm_library(LLVMLlcDriver STATIC NewPMDriver.cpp llcdriver.cpp PARTIAL_SOURCES_INTENDED DEPENDS x)
add_llvm_tool(llc
  PARTIAL_SOURCES_INTENDED
  llc.cpp  # a comment
  DEPENDS intrinsics_gen)
target_link_libraries(llc PRIVATE LLVMLlcDriver LLVMCore)
setup_host_tool(llc LLC llc_exe llc_target)
""",
    "mlir/tools/pdll-server/CMakeLists.txt": """\
set(LIBS PdllServerLib MLIRIR)
if(MLIR_INCLUDE_TESTS)
  list(APPEND LIBS MLIRTestDialect)
endif()
add_mlir_tool(mlir-pdll-lsp-server server.cpp DEPENDS ${LIBS})
mlir_target_link_libraries(mlir-pdll-lsp-server PRIVATE ${LIBS})
some_new_command_of_upstreams(mlir-pdll-lsp-server "; a text")
configure_file(script.in /nowhere/script)
""",
    "mlir/lib/Tools/pdll-server/CMakeLists.txt": """\
file(GLOB sources ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
llvm_add_library(PdllServerLib ${sources} LINK_LIBS PUBLIC PdllParser)
""",
    "mlir/lib/Tools/pdll-server/Protocol.cpp": "",
    "mlir/lib/Tools/PDLL/Parser/CMakeLists.txt": """\
add_mlir_library(PdllParser Parser.cpp LINK_LIBS PUBLIC PdllServerLib)
""",
    "llvm/utils/broken/CMakeLists.txt": """\
add_llvm_utility(broken broken.c)
string(NO_SUCH_MODE "[")
""",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    return tmp_path / "tree"


def asked(tree: Path, program: str) -> tuple[list[str], str]:
    """The sources of a program, and what ``release.json`` says of it."""
    project, build = tree.parent / "project", tree.parent / "build"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(PROJECT.format(modules=MODULES.as_posix(), program=program))
    run(["cmake", "-S", project, "-B", build, f"-DLLVM_PROJECT_SOURCE={tree.as_posix()}"])
    sources = (build / "sources").read_text()
    return [name for name in sources.split(";") if name], (build / "release.json").read_text()


def test_a_library_beside_a_program_belongs_to_it(tree: Path) -> None:
    sources, released = asked(tree, "llc")

    assert sources == [
        "llvm/tools/llc/llc.cpp",
        "llvm/tools/llc/NewPMDriver.cpp",
        "llvm/tools/llc/llcdriver.cpp",
    ]
    assert "findings" not in released


def test_libraries_that_are_not_installed_are_compiled_with_it_wherever_they_are(tree: Path) -> None:
    sources, _ = asked(tree, "mlir-pdll-lsp-server")

    assert sources == [
        "mlir/tools/pdll-server/server.cpp",
        "mlir/lib/Tools/pdll-server/Protocol.cpp",
        "mlir/lib/Tools/PDLL/Parser/Parser.cpp",
    ]


@pytest.mark.parametrize("program", ["mlir-vanished", "broken"])
def test_a_program_that_cannot_be_made_is_a_finding(tree: Path, program: str) -> None:
    sources, released = asked(tree, program)

    assert sources == []
    assert '"findings"' in released
    assert program in released


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LLVM's and MLIR's real files, of a line."""
    into = tmp_path_factory.mktemp("real") / "llvm-project"
    return real_trees.bring(real_trees.LLVM_23, ["cmake", "llvm", "mlir"], into)


def test_upstreams_own_files_are_read(upstream: Path) -> None:
    sources, released = asked(upstream, "opt")

    assert "llvm/tools/opt/opt.cpp" in sources
    assert len(sources) > 1
    assert all((upstream / source).is_file() for source in sources)
    assert "findings" not in released


def test_what_upstream_looks_for_on_the_machine_is_off(upstream: Path) -> None:
    told = outside.settings(upstream)

    for name in ("ZLIB", "zstd", "LibXml2", "LibEdit", "CURL", "FFI", "Z3", "CUDAToolkit", "Vulkan"):
        assert told[f"CMAKE_DISABLE_FIND_PACKAGE_{name}"] == "ON"
    for name in ("LLVM_ENABLE_ZSTD", "LLVM_ENABLE_LIBPFM", "LLVM_ENABLE_FFI", "MLIR_ENABLE_CUDA_RUNNER"):
        assert told[name] == "OFF"
    assert not {f"CMAKE_DISABLE_FIND_PACKAGE_{name}" for name in outside.PACKAGES} & told.keys()
