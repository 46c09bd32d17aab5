"""What a compiler has to be started with on systems where it does not find its libraries by itself."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlir_release import apple, platform_settings, targets, visual_studio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlir_release.targets import Target


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The developer environment of a system.

    ``variables`` are those of the environment that every program of a build gets (None: must not be set);
    ``compilers`` the C compilers to choose from, by name or path, best first, empty for all on PATH;
    ``facts`` what of it the content of results depends on; ``target`` what is built for, None on Linux.
    """

    variables: Mapping[str, str | None] = field(default_factory=dict)
    compilers: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None

    @property
    def path(self) -> str:
        """Where programs are looked for."""
        return self.variables.get("PATH") or os.environ.get("PATH", os.defpath)


def here() -> Surroundings:
    """That of this machine.

    Raises:
        UserError: Xcode or Visual Studio is missing, or set up for something else than wheels need.
    """
    if sys.platform == "darwin":
        return of_macos(targets.here(), os.environ)
    if sys.platform == "win32":
        return of_windows(targets.here(), os.environ)
    return Surroundings()


def of_macos(target: Target, environ: Mapping[str, str]) -> Surroundings:
    """That of a macOS: Apple's compiler, whatever other clang is on PATH.

    Another clang has its own C++ headers, for a newer library than the deployment target's system has.

    Raises:
        UserError: as ``here``.
    """
    wanted = platform_settings.deployment_target(target)
    apple.ensure_deployment_target(environ, wanted)
    if target.machine == "x86_64":
        apple.say_if_translated()
    sdk = apple.find_sdk()
    return Surroundings(
        variables={
            "SDKROOT": str(sdk.path),
            "MACOSX_DEPLOYMENT_TARGET": wanted,
            # What setuptools and scikit-build-core read the architecture from.
            "ARCHFLAGS": f"-arch {target.machine}",
        },
        compilers=(str(apple.find_program("clang")),),
        facts={"sdk": sdk.version} | _settings(target),
        target=target,
    )


def of_windows(target: Target, environ: Mapping[str, str]) -> Surroundings:
    """That of a Windows: Visual Studio's, active already or found.

    Raises:
        UserError: as ``here``.
    """
    tools = visual_studio.obtain(target.machine, environ)
    return Surroundings(
        variables={**tools.variables, **dict.fromkeys(visual_studio.NOT_INHERITED)},
        compilers=("cl", "clang-cl"),
        facts={"visual studio": tools.version} | _settings(target),
        target=target,
    )


def _settings(target: Target) -> dict[str, str]:
    words = (f"{name}={value}" for name, value in sorted(platform_settings.llvm(target).items()))
    return {"settings": " ".join(words)}
