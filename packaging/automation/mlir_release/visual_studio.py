"""Visual Studio's compiler tools: found by vswhere, and the environment that they need.

vswhere is where Visual Studio's installer puts it (github.com/microsoft/vswhere). Compilers need a dozen
variables, which Visual Studio's own vcvarsall.bat sets; what it has set is read and
given to every program of a build, so nothing depends on which prompt nox was started from. An environment
that somebody has activated is taken as it is.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What vcvarsall.bat sets, besides PATH: programs of builds get nothing else that they are not given.
_ACTIVE = re.compile(
    r"(EXTERNAL_)?INCLUDE|LIB|LIBPATH|PLATFORM|PREFERREDTOOLARCHITECTURE|(__)?(VC|VS|VSCMD)\w*"
    r"|(WINDOWS|UCRT|UNIVERSALCRT|EXTENSION|NETFX)SDK\w*|WINDOWSLIBPATH|UCRTVERSION|VISUALSTUDIOVERSION"
    r"|FRAMEWORK\w*|DEVENVDIR"
)
# Options that cl and link would add to their command lines.
NOT_INHERITED = ("CL", "_CL_", "LINK", "_LINK_")
# What compilers print is read, whatever language packs are installed.
_ENGLISH = {"VSLANG": "1033"}
# Which would be sent by a process that outlives the command and keeps folders from being moved.
_NO_TELEMETRY = {"VSCMD_SKIP_SENDTELEMETRY": "1"}
_BACKSLASH = "\\"
# Of a machine's name in platform tags: what vcvarsall calls it, what an active environment does, and
# the component that has its compiler ("Visual Studio Build Tools component directory").
_MACHINES = {
    "amd64": ("amd64", "x64", "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"),
    "arm64": ("arm64", "arm64", "Microsoft.VisualStudio.Component.VC.Tools.ARM64"),
}
_ADVICE = (
    "install Visual Studio 2022 or its Build Tools with the workload 'Desktop development with C++'"
    " (winget install Microsoft.VisualStudio.2022.BuildTools --override"
    ' "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended --passive")'
)
# In the order of the lines: text in UTF-8; a failure is a failure; what all of it has become. The path is
# in a variable, because which encoding cmd reads a file in is another question.
_SCRIPT = "MLIR_RELEASE_VCVARSALL"
_BATCH_FILE = "environment.bat"
_BATCH = """\
@chcp 65001 >nul
@call "%{script}%" {machine} >nul
@if errorlevel 1 exit /b 1
@set
"""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Compiler tools; ``variables`` is what they need besides the environment of this process.

    ``version`` is of the compiler tools and of the Windows SDK: ``14.44.35207, SDK 10.0.26100.0``.
    """

    version: str
    variables: Mapping[str, str] = field(default_factory=dict)


def obtain(machine: str, environ: Mapping[str, str]) -> Tools:
    """The tools that compile for a machine: those of the active environment, else the newest installed.

    Args:
        machine: as in platform tags, ``amd64`` or ``arm64``.
        environ: the environment of this process.

    Raises:
        UserError: there are none, or the active ones compile for another machine.
    """
    here = {name.upper(): value for name, value in environ.items()}
    given = active(here)
    if given:
        _ensure_for(machine, here)
        return Tools(version=_version(here), variables=given | _ENGLISH)
    made = _activated(_installation(machine, here), machine)
    return Tools(version=_version(made), variables=changed(made, here) | _ENGLISH)


def active(environ: Mapping[str, str]) -> dict[str, str]:
    """What an environment that somebody has activated has for compilers; nothing, if it is not active."""
    found = {name.upper(): value for name, value in environ.items() if _ACTIVE.fullmatch(name.upper())}
    return found if found.get("VCTOOLSINSTALLDIR") else {}


def parse(lines: Iterable[str]) -> dict[str, str]:
    """The variables that cmd's ``set`` prints, with their names in capitals: case means nothing there."""
    pairs = (line.rstrip("\r\n").partition("=") for line in lines)
    return {name.upper(): value for name, equals, value in pairs if name and equals}


def changed(made: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Those of the variables that are not in an environment (names in capitals), or are other there."""
    return {name: value for name, value in made.items() if environ.get(name) != value}


def _ensure_for(machine: str, environ: Mapping[str, str]) -> None:
    wanted = _MACHINES[machine][1]
    active = environ.get("VSCMD_ARG_TGT_ARCH", wanted)
    if active != wanted:
        raise UserError(
            f"the active developer environment compiles for {active}, and this Python is one for"
            f" {machine}: start nox from a plain prompt, or activate that for {wanted}"
        )


def _installation(machine: str, environ: Mapping[str, str]) -> Path:
    """The folder of the newest Visual Studio that has compilers for a machine."""
    programs = environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")
    vswhere = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
    if not vswhere.is_file():
        raise UserError(f"no Visual Studio is on this machine (there is no {vswhere}): {_ADVICE}")
    component = _MACHINES[machine][2]
    question = ["-latest", "-products", "*", "-requires", component, "-format", "json", "-utf8"]
    answer = run([vswhere, *question], quiet=True, apart=True)
    found = _listed(answer.output)
    if not found:
        raise UserError(f"no Visual Studio here has a C++ compiler for {machine} ({component}): {_ADVICE}")
    return Path(found[0]["installationPath"])


def _listed(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _activated(installation: Path, machine: str) -> dict[str, str]:
    """The whole environment after vcvarsall.bat, as a program that is started then would have it."""
    script = installation / "VC" / "Auxiliary" / "Build" / "vcvarsall.bat"
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-") as name:
        # A file, and seen from its folder: on a command line, cmd takes quotes away around parentheses.
        text = _BATCH.format(script=_SCRIPT, machine=_MACHINES[machine][0])
        Path(name, _BATCH_FILE).write_text(text, encoding="ascii", newline="\r\n")
        command = ["cmd", "/d", "/c", f".\\{_BATCH_FILE}"]
        env = {**_NO_TELEMETRY, _SCRIPT: str(script)}
        answer = run(command, cwd=Path(name), env=env, check=False, quiet=True)
    made = parse(answer.output.splitlines())
    made.pop(_SCRIPT, None)
    if answer.status or "INCLUDE" not in made:
        raise UserError(
            f"{script} {_MACHINES[machine][0]} does not set up a compiler"
            f" (status {answer.status}): repair that Visual Studio in its installer; {_ADVICE}"
        )
    return made


def _version(environ: Mapping[str, str]) -> str:
    tools, sdk = (environ.get(name, "unknown") for name in ("VCTOOLSVERSION", "WINDOWSSDKVERSION"))
    # The SDK's ends with a backslash, because folders are made from it.
    return f"{tools}, SDK {sdk.rstrip(_BACKSLASH)}"
