"""The bindings' CMake files and each target's settings, cross-compiled by clang for macOS and Windows.

No SDK of these systems is here, so the project includes no header and links to no library of theirs. The
compilers, linkers and archivers are LLVM's, which take Apple's and Microsoft's options.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release import apt, platform_settings
from mlir_release.run import run
from mlir_release.targets import TARGETS, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.targets import Target

PROJECT = Path(__file__).parent / "projects" / "c-api"
BINDINGS = Path(__file__).parents[2] / "packaging" / "mlir-python-bindings"
PACKAGES = ("clang-22", "lld-22", "llvm-22")
# Every check of a linker's option links a program.
PROGRAM_FLAGS = {
    "macosx": "-nostdlib",
    "win": "/nodefaultlib /entry:main /subsystem:console /manifest:no",
}
# With what LLVM's HandleLLVMOptions.cmake adds for modules on macOS.
MODULE_FLAGS = {
    "macosx": "-nostdlib -Wl,-flat_namespace -Wl,-undefined -Wl,dynamic_lookup",
    "win": "/nodefaultlib /noentry /manifest:no",
}


@dataclass(frozen=True, kw_only=True)
class Built:
    """The build folder of the project for one target, and how it was compiled."""

    folder: Path
    tools: Path
    target: Target

    @property
    def commands(self) -> list[str]:
        """The commands that compiled each file."""
        listed = json.loads((self.folder / "compile_commands.json").read_text())
        return [entry["command"] for entry in listed]

    def file(self, pattern: str) -> Path:
        (found,) = self.folder.glob(pattern)
        return found

    def ask(self, tool: str, *words: str | Path) -> str:
        return run([self.tools / tool, *words], quiet=True).output


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of LLVM's tools, under the names by which they know what to be."""
    names = ("clang-22", "clang-cl-22", "ld64.lld-22", "lld-link-22", "llvm-lib-22", "llvm-readobj-22")
    if not all(map(shutil.which, names)):
        assert apt.can_install(), f"these tests need {', '.join(PACKAGES)}: install them"
        apt.install(PACKAGES, tmp_path_factory.mktemp("llvm") / "apt.log")
    found = shutil.which("clang-cl-22")
    assert found
    return Path(found).resolve().parent


def crossing(target: Target, tools: Path) -> Mapping[str, str]:
    """What CMake is told here, where its compilers are not the target's own."""
    apple = target.family == "macosx"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(target.machine, target.machine)
    triple = f"{target.machine}-apple-macos" if apple else f"{machine}-pc-windows-msvc"
    named = (
        {"INSTALL_NAME_TOOL": "llvm-install-name-tool", "AR": "llvm-ar", "RANLIB": "llvm-ranlib"}
        if apple
        else {"LINKER": "lld-link", "AR": "llvm-lib", "RC_COMPILER": "llvm-rc", "MT": "llvm-mt"}
    )
    module, program = MODULE_FLAGS[target.family], PROGRAM_FLAGS[target.family]
    return {
        "CMAKE_SYSTEM_NAME": "Darwin" if apple else "Windows",
        **{f"CMAKE_{name}": str(tools / tool) for name, tool in named.items()},
        **{f"CMAKE_{language}_COMPILER_TARGET": triple for language in ("C", "CXX")},
        "CMAKE_C_COMPILER": str(tools / ("clang" if apple else "clang-cl")),
        "CMAKE_CXX_COMPILER": str(tools / ("clang++" if apple else "clang-cl")),
        **({"CMAKE_LINKER_TYPE": "LLD"} if apple else {"Python_EXECUTABLE": sys.executable}),
        **{f"CMAKE_{language}_STANDARD_LIBRARIES": "" for language in ("C", "CXX")},
        "CMAKE_EXE_LINKER_FLAGS": f"{program} -fuse-ld=lld" if apple else program,
        "CMAKE_SHARED_LINKER_FLAGS": module.partition(" -Wl")[0],
        "CMAKE_MODULE_LINKER_FLAGS": module,
    }


def of(*families: str) -> pytest.MarkDecorator:
    """Run a test for every target of these families that a release must have."""
    wanted = [it for it in TARGETS if it.family in families and it.tier is Tier.REQUIRED]
    return pytest.mark.parametrize("built", wanted, ids=lambda it: it.name, indirect=True)


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    target: Target = request.param
    folder = tmp_path_factory.mktemp(target.name)
    settings = {
        **crossing(target, tools),
        **platform_settings.common(target),
        "BINDINGS": str(BINDINGS),
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_EXPORT_COMPILE_COMMANDS": "ON",
    }
    definitions = [f"-D{name}={value}" for name, value in settings.items()]
    # Warned of are settings that no file of the project asks for.
    run(["cmake", "-G", "Ninja", "-S", PROJECT, "-B", folder, "-Werror=unused-cli", *definitions])
    run(["cmake", "--build", folder])
    return Built(folder=folder, tools=tools, target=target)


@of("macosx", "win")
def test_the_c_api_is_exported_and_nothing_else(built: Built) -> None:
    if built.target.family == "win":
        asked = built.ask("llvm-readobj", "--coff-exports", built.file("capi/*.dll"))
        assert re.findall(r"Name: (\S+)", asked) == ["mlirAnswer", "mlirQuestion"]
    else:
        asked = built.ask(
            "llvm-nm", "--extern-only", "--defined-only", "--just-symbol-name", built.file("capi/*.dylib")
        )
        assert asked.split() == ["_mlirAnswer", "_mlirQuestion"]


@of("macosx", "win")
def test_modules_take_it_from_that_library(built: Built) -> None:
    if built.target.family == "win":
        asked = built.ask("llvm-readobj", "--coff-imports", built.file("module.dll"))
        assert re.findall(r"Name: (\S+)", asked) == ["MLIRPythonCAPI.dll"]
    else:
        asked = built.ask("llvm-objdump", "--macho", "--bind", "--lazy-bind", built.file("libmodule.so"))
        assert re.search(r"libMLIRPythonCAPI\s+_mlirAnswer", asked)


@of("macosx", "win")
def test_everything_is_compiled_with_the_static_runtime(built: Built) -> None:
    commands = built.commands
    assert len(commands) == 5
    for command in commands:
        assert (" -MT " in command) == (built.target.family == "win")
        assert " -MD " not in command.replace("-clang:-MD", "")
    if built.target.family == "win":
        asked = built.ask("llvm-readobj", "--coff-directives", built.file("CMakeFiles/MLIRIR.dir/*.obj"))
        assert "/DEFAULTLIB:libcmt.lib" in asked


def headers(built: Built) -> dict[str, str]:
    """The load commands of the library and of the module, as text."""
    files = {"library": built.file("capi/*.dylib"), "module": built.file("libmodule.so")}
    return {
        name: built.ask("llvm-objdump", "--macho", "--private-headers", file) for name, file in files.items()
    }


@of("macosx")
def test_deployment_target_is_in_every_file(built: Built) -> None:
    wanted = platform_settings.deployment_target(built.target)
    for header in headers(built).values():
        assert re.findall(r"^\s*(?:minos|version) (\d+\.\d+)\s*$", header, re.MULTILINE)[0] == wanted
        assert f" {built.target.machine.upper()} " in header.upper()
    assert all(f"-mmacosx-version-min={wanted}" in command for command in built.commands)


@of("macosx")
def test_symbols_come_from_where_they_were_linked_from(built: Built) -> None:
    for name, header in headers(built).items():
        assert " TWOLEVEL" in header, name


@of("macosx")
def test_install_names_can_be_made_longer_and_name_no_folder(built: Built) -> None:
    library = headers(built)["library"]
    assert re.search(r"cmd LC_ID_DYLIB\n.*\n\s*name @rpath/libMLIRPythonCAPI\.dylib ", library)
    longer = f"@loader_path/{'x' * 900}"
    changed = built.folder / "changed.dylib"
    shutil.copy(built.file("capi/*.dylib"), changed)
    built.ask("llvm-install-name-tool", "-id", longer, changed)
    assert longer in built.ask("llvm-objdump", "--macho", "--private-headers", changed)
