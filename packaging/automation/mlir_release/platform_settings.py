"""What CMake is told because of the system that is built for: pure functions of the target.

Linux is told nothing: there compilers' defaults are right, and a wheel's age is decided by the C
library that it is built with. Why each system is told what it is, says docs/platforms.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlir_release.targets import Target

# Darwin's version for macOS 11; both have counted on by one since (`uname -r`).
_DARWIN_BEFORE_MACOS = 9


def deployment_target(target: Target) -> str:
    """The oldest macOS that what is built for a target runs on: ``11.0``."""
    assert target.newest
    major, minor = target.newest
    return f"{major}.{minor}"


def common(target: Target | None) -> dict[str, str]:
    """The CMake variables of every build: of LLVM and of what is made from it.

    Args:
        target: what is built for; None is as Linux.
    """
    match target and target.family:
        case "macosx":
            assert target
            return {
                "CMAKE_OSX_ARCHITECTURES": target.machine,
                "CMAKE_OSX_DEPLOYMENT_TARGET": deployment_target(target),
            }
        case "win":
            # Counts under policy CMP0091 only: every project here has it by the CMake version it asks for.
            return {"CMAKE_MSVC_RUNTIME_LIBRARY": "MultiThreaded"}
    return {}


def llvm(target: Target | None) -> dict[str, str]:
    """The CMake variables of LLVM's own build.

    Args:
        target: as for ``common``.
    """
    match target and target.family:
        case "macosx":
            assert target
            assert target.newest
            # LLVM would ask `uname`, which answers for the machine and not for what is built.
            darwin = target.newest[0] + _DARWIN_BEFORE_MACOS
            special = {"LLVM_HOST_TRIPLE": f"{target.machine}-apple-darwin{darwin}.0.0"}
        case "win":
            # Its diaguids.lib would be in LLVM's CMake package by the path that it has here.
            special = {"LLVM_ENABLE_DIA_SDK": "OFF"}
        case _:
            special = {}
    return common(target) | special
