"""The site configuration of upstream's tests: what they are run against, in the form that lit reads.

Made from upstream's own template (``mlir/test/lit.site.cfg.py.in``), the way its CMake does: what is not
known here is off.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.portable_files import link
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.toolchain import Toolchain

_TEMPLATE_VARIABLE = re.compile(r'"@(\w+)@"|@(\w+)@')
_CONDITIONAL = re.compile(r'if\s*\("(\w+)" IN_LIST LLVM_TARGETS_TO_BUILD\)\s+set\((\w+) 1\)')

# In the folder of a site: the programs that lit runs.
_TOOLS = "tools"
# LLVM's interpreter, which a few tests run; the wheels do not have it.
_INTERPRETER = "lli"
_SHARED_LIBRARY_SUFFIX = {"Darwin": ".dylib", "Windows": ".dll"}

# CMake puts this before each template; the templates call `path`.
_HEADER = "def path(p):\n    return p\n\n"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the tests run against.

    ``tools`` are programs to be tested in place of the SDK's of the same name, in a folder;
    ``python`` is the interpreter of lit and of the tests' own scripts;
    ``library_dir`` has the execution engine's runtime libraries; ``toolchain``
    is for the tests that compile something; ``bindings`` says whether that
    interpreter can import ``mlir``, and ``stable_abi`` whether that was built with
    Python's stable ABI.
    """

    tree: SourceTree
    sdk: Sdk
    python: Path
    library_dir: Path
    toolchain: Toolchain
    bindings: bool
    stable_abi: bool = False
    tools: Path | None = None


def write_site(setting: Setting, folder: Path, *, exclude: Sequence[str] = ()) -> Path:
    """Make a folder that lit can be pointed at, and return it.

    Args:
        setting: what the tests run against.
        folder: where the tests leave their output; replaced.
        exclude: test files that this suite leaves out, by their paths below ``mlir/test``.
    """
    shutil.rmtree(folder, ignore_errors=True)
    values = _template_values(setting, folder)
    source = setting.tree.path / "mlir" / "test"
    folder.mkdir(parents=True)
    _link_tools(setting, folder / _TOOLS)
    left_out = [*exclude, *_impossible(source, folder / _TOOLS)]
    for part in ("", "Unit"):
        text = _fill((source / part / "lit.site.cfg.py.in").read_text(encoding="utf-8"), values)
        if not part and left_out:
            text += f"\nconfig.left_out = {left_out!r}\n"
        site = folder / "test" / part / "lit.site.cfg.py"
        site.parent.mkdir(parents=True)
        site.write_text(_HEADER + text, encoding="utf-8")
    _copy_unit_tests(setting.sdk.test_programs, folder / "unittests")
    return folder / "test"


def _link_tools(setting: Setting, folder: Path) -> None:
    """One folder with a link to each program; lit looks into two at most."""
    folder.mkdir()
    programs = setting.sdk.test_programs
    for place in (setting.tools, setting.sdk.tools_dir, programs and programs / "bin"):
        for program in sorted(place.iterdir()) if place and place.is_dir() else []:
            if not (folder / program.name).exists():
                link(folder / program.name, program)


def _impossible(source: Path, tools: Path) -> list[str]:
    """The test files that need a program which is not there, by their paths below ``source``; it is said.

    Without this, lit would take this machine's, of whatever version.
    """
    if any(tools.glob(f"{_INTERPRETER}*")):
        return []
    names = [
        path.relative_to(source).as_posix()
        for path in sorted((source / "Integration").rglob("*.mlir"))
        if f"%{_INTERPRETER} " in path.read_text(encoding="utf-8", errors="replace")
    ]
    if names:
        log.say(f"   left out: {len(names)} tests that need {_INTERPRETER}, which this SDK does not have")
    return names


def _copy_unit_tests(programs: Path | None, folder: Path) -> None:
    """The unit tests, where they were built; they write beside themselves, and an SDK is not written to.

    The folder must exist for lit, also where nobody built any.
    """
    if programs is None:
        folder.mkdir()
    else:
        shutil.copytree(programs / "unittests", folder)


def _fill(template: str, values: Mapping[str, str]) -> str:
    """A site configuration; unknown text is empty and unknown switches are off."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return json.dumps(values.get(match[1], ""))
        if match[2] == "LIT_SITE_CFG_IN_HEADER":
            return ""
        return values.get(match[2], "0")

    return _TEMPLATE_VARIABLE.sub(value, template)


def _template_values(setting: Setting, folder: Path) -> dict[str, str]:
    def ask(question: str) -> str:
        return run([setting.sdk.tools_dir / "llvm-config", question], quiet=True).output.strip()

    config = (setting.sdk.library_dir / "cmake" / "llvm" / "LLVMConfig.cmake").read_text(encoding="utf-8")
    native = re.search(r"^set\(LLVM_NATIVE_ARCH (\w+)\)", config, re.MULTILINE)
    tools = str(folder / _TOOLS)
    return {
        "LLVM_TARGET_TRIPLE": ask("--host-target"),
        "LLVM_SOURCE_DIR": str(setting.tree.path / "llvm"),
        "LLVM_TOOLS_DIR": tools,
        "LLVM_LIT_TOOLS_DIR": "",
        "SHLIBEXT": _SHARED_LIBRARY_SUFFIX.get(platform.system(), ".so"),
        "SHLIBDIR": str(setting.library_dir),
        "Python3_EXECUTABLE": str(setting.python),
        "ENABLE_ASSERTIONS": "1" if ask("--assertion-mode") == "ON" else "0",
        "LLVM_NATIVE_ARCH": native[1] if native else "",
        "HOST_CC": str(setting.toolchain.cc),
        "HOST_CXX": str(setting.toolchain.cxx),
        "HOST_OS": platform.system(),
        "MLIR_SOURCE_DIR": str(setting.tree.path / "mlir"),
        "MLIR_BINARY_DIR": str(folder),
        "MLIR_TOOLS_DIR": tools,
        "MLIR_CMAKE_DIR": str(setting.sdk.library_dir / "cmake" / "mlir"),
        "MLIR_LIB_DIR": str(setting.sdk.library_dir),
        **dict.fromkeys(_target_switches(setting.tree.path, ask("--targets-built").split()), "1"),
        "MLIR_ENABLE_BINDINGS_PYTHON": "1" if setting.bindings else "0",
        "MLIR_ENABLE_PYTHON_STABLE_ABI": "1" if setting.stable_abi else "0",
        "MLIR_INCLUDE_INTEGRATION_TESTS": "1",
    }


def _target_switches(source: Path, targets: Sequence[str]) -> Iterator[str]:
    """CMake's switches that are on because LLVM generates code for some processors.

    LLVM has one for each; MLIR's own are those of its conversions, as its CMakeLists.txt sets them.
    """
    conditional = _CONDITIONAL.findall((source / "mlir" / "CMakeLists.txt").read_text(encoding="utf-8"))
    for target in targets:
        yield f"LLVM_HAS_{target.upper()}_TARGET"
        yield from (switch for name, switch in conditional if name == target)
