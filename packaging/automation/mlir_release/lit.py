"""Upstream's tests, run with the pinned lit and FileCheck against what was built or found.

The site configuration is made from upstream's own template
(``mlir/test/lit.site.cfg.py.in``), the way its CMake does: what this room does
not know of is off.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import ToolFailed, UserError
from mlir_release.portable_files import link
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.toolchain import Toolchain

# lit's result codes (lit/Test.py) that mean that the test was executed and went well.
_GOOD = frozenset({"PASS", "FLAKYPASS", "XFAIL"})
_NOT_RUN = frozenset({"UNSUPPORTED", "SKIPPED", "EXCLUDED"})
_TEMPLATE_VARIABLE = re.compile(r'"@(\w+)@"|@(\w+)@')

_TAIL_LINES = 20
# In the folder of a site: the programs that lit runs.
_TOOLS = "tools"
# LLVM's interpreter, which a few tests run; the wheels do not have it.
_INTERPRETER = "lli"
_SHARED_LIBRARY_SUFFIX = {"Darwin": ".dylib", "Windows": ".dll"}

# CMake puts this before each template; the templates call `path`.
_HEADER = "def path(p):\n    return p\n\n"
# What llvm-lit does: tell lit where the site configuration of a source folder is.
_RUNNER = """\
import sys
sys.path.insert(0, {lit!r})
from lit.main import main
if __name__ == "__main__":  # where processes do not begin as copies, each reads this file
    main({{"build_mode": "Release", "config_map": {config_map!r}}})
"""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the tests run against.

    ``tools`` are programs to be tested in place of the SDK's of the same name, in a folder;
    ``python`` is the interpreter of lit and of the tests' own scripts;
    ``library_dir`` has the execution engine's runtime libraries; ``toolchain``
    is for the tests that compile something; ``bindings`` says whether that
    interpreter can import ``mlir``.
    """

    tree: SourceTree
    sdk: Sdk
    python: Path
    library_dir: Path
    toolchain: Toolchain
    bindings: bool
    tools: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Results:
    """The outcome of a run: lit's result code of each test, and the JUnit file."""

    codes: Mapping[str, str]
    junit: Path
    log: Path
    expected: Mapping[str, str] = field(default_factory=dict)

    @property
    def unsupported(self) -> int:
        """How many tests said that they cannot run here (a GPU, another CPU, upstream's examples)."""
        return sum(code in _NOT_RUN for code in self.codes.values())

    @property
    def bad(self) -> dict[str, str]:
        """The tests whose outcome is not the expected one."""
        return {name: code for name, code in self.codes.items() if code not in _GOOD | _NOT_RUN}

    @property
    def passed(self) -> int:
        """How many went as expected."""
        return len(self.codes) - len(self.bad) - self.unsupported

    def closing_line(self) -> str:
        """Counts in the form of a test runner's last line."""
        return f"{self.passed} passed, {len(self.bad)} failed, {self.unsupported} skipped"


def write_site(setting: Setting, folder: Path, *, exclude: Sequence[str] = ()) -> Path:
    """Make a folder that lit can be pointed at, and return it.

    Args:
        setting: what the tests run against.
        folder: where the tests leave their output; replaced.
        exclude: names of test files that this suite leaves out.
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
            text += f"\nconfig.excludes = list(config.excludes) + {left_out!r}\n"
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
    """The names of test files that need a program which is not there; it is said.

    Without this, lit would take this machine's, of whatever version.
    """
    if any(tools.glob(f"{_INTERPRETER}*")):
        return []
    names = [
        path.name
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


def run_tests(
    setting: Setting,
    paths: Sequence[Path],
    *,
    output: Path,
    name: str,
    expected: Mapping[str, str],
) -> Results:
    """Run the tests in folders of ``write_site``, or single ones below them.

    Args:
        setting: what the tests run against.
        paths: folders, or tests in them.
        output: folder for the log, the JUnit file and the results.
        name: what these files are called.
        expected: tests (lit's names) that are expected to fail, and why.

    Raises:
        ToolFailed: lit broke off, or found no tests.
        UserError: a test that is expected to fail does not exist any more.
    """
    output.mkdir(parents=True, exist_ok=True)
    runner, results, junit, whole = (output / f"{name}{end}" for end in (".py", ".json", ".xml", ".log"))
    for old in (results, junit, whole):
        old.unlink(missing_ok=True)
    runner.write_text(_runner_script(setting, paths[0]), encoding="utf-8")
    command: list[str | Path] = [
        setting.python,
        runner,
        "-v",
        "--no-progress-bar",
        "--xfail",
        ";".join(expected),
    ]
    command += ["--output", results, "--xunit-xml-output", junit, *paths]
    ended = run(command, log=whole, check=False, on_line=log.Progress())
    outcome = Results(codes=_codes(results), junit=junit, log=whole, expected=expected)
    # lit ends with 1 for the tests that went wrong; anything else that is not 0 is lit's own failure.
    if ended.status != bool(outcome.bad) or not outcome.codes:
        raise ToolFailed(["lit"], ended.status, whole, ended.output.splitlines()[-_TAIL_LINES:])
    gone = sorted(expected.keys() - outcome.codes.keys())
    if gone:
        raise UserError(f"{gone[0]} is expected to fail but does not exist; take it from the list")
    return outcome


def _runner_script(setting: Setting, path: Path) -> str:
    """The program that is run: lit, told where the unit tests' configuration is."""
    site = next(folder for folder in (path, *path.parents) if (folder / "lit.site.cfg.py").is_file())
    unit = (setting.tree.path / "mlir" / "test" / "Unit" / "lit.cfg.py").resolve()
    config_map = {str(unit): str(site / "Unit" / "lit.site.cfg.py")}
    return _RUNNER.format(lit=str(setting.tree.path / "llvm" / "utils" / "lit"), config_map=config_map)


def _codes(results: Path) -> dict[str, str]:
    """Each test's code from lit's JSON; none where lit broke off."""
    try:
        tests = json.loads(results.read_text(encoding="utf-8"))["tests"]
    except (OSError, ValueError, KeyError):
        return {}
    return {test["name"]: test["code"] for test in tests}


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
    targets = ask("--targets-built").split()
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
        "LLVM_HAS_NVPTX_TARGET": "1" if "NVPTX" in targets else "0",
        # As 22 asks for it, and as 23 does.
        "MLIR_ENABLE_ROCM_CONVERSIONS": "1" if "AMDGPU" in targets else "0",
        "LLVM_HAS_AMDGPU_TARGET": "1" if "AMDGPU" in targets else "0",
        "MLIR_ENABLE_XEVM_CONVERSIONS": "1" if "SPIRV" in targets else "0",
        "MLIR_ENABLE_BINDINGS_PYTHON": "1" if setting.bindings else "0",
        "MLIR_INCLUDE_INTEGRATION_TESTS": "1",
    }
