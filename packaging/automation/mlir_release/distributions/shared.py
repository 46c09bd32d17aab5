"""What the wheels of all interpreters have in common: compiled once per SDK.

A distribution's shared folder is a CMake project of its own. It is built and
installed here; the wheel's build then takes the results instead of making them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlir_release import inventory, log, platform_settings
from mlir_release.distributions.files import content
from mlir_release.run import run
from mlir_release.store import remove

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlir_release.distributions.table import Distribution
    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.store import Store
    from mlir_release.toolchain import Toolchain

_INSTALLED = "installed"


def environment(tree: SourceTree, toolchain: Toolchain) -> dict[str, str | None]:
    """The variables that every build of ours has."""
    return {**toolchain.variables, "LLVM_PROJECT_SOURCE": tree.path.as_posix()}


def defines(sdk: Sdk, toolchain: Toolchain) -> dict[str, str]:
    """The CMake variables that every build of ours has."""
    packages = sdk.library_dir / "cmake"
    linker = {"CMAKE_LINKER_TYPE": toolchain.linker.upper()} if toolchain.linker else {}
    # CMake reads \ in what it is given as an escape, sooner or later.
    found = {"MLIR_DIR": (packages / "mlir").as_posix(), "LLVM_DIR": (packages / "llvm").as_posix()}
    return {**found, **linker, **platform_settings.common(toolchain.target)}


def obtain(
    distribution: Distribution, tree: SourceTree, sdk: Sdk, toolchain: Toolchain, store: Store
) -> Path | None:
    """The folder of the shared parts, made now if there is none yet; None if there are no such parts.

    Raises:
        ToolFailed: they did not compile.
        Changed: those that are kept are not what was compiled.
    """
    if not distribution.shared_folder:
        return None
    project = distribution.folder / distribution.shared_folder
    parts = {
        "project": content(distribution.folder),
        "source": tree.key,
        "sdk": sdk.key,
        "toolchain": dict(toolchain.key),
    }

    def make(work: Path) -> None:
        tool_log = store.log_file(f"shared-{distribution.name}")
        log.say(f"   compiling what all its wheels share; the whole log is {tool_log}")
        _compile(project, work, defines(sdk, toolchain), environment(tree, toolchain), tool_log)

    return inventory.obtain(store, "shared", parts, make, resumable=True).path / _INSTALLED


def _compile(
    project: Path,
    work: Path,
    settings: Mapping[str, str],
    env: Mapping[str, str | None],
    tool_log: Path,
) -> None:
    """Configure, compile and install a CMake project, going on with what a stopped run left of it."""
    build, installed = work / "build", work / _INSTALLED
    configure: list[str | Path] = ["cmake", "-G", "Ninja", "-S", project, "-B", build]
    definitions = [f"-D{name}={value}" for name, value in settings.items()]
    cmake = partial(run, env=env, log=tool_log, isolated=True)
    cmake([*configure, "-DCMAKE_BUILD_TYPE=Release", *definitions])
    cmake(["cmake", "--build", build], on_line=log.Progress())
    remove(installed)
    cmake(["cmake", "--install", build, "--prefix", installed, "--strip"])
    remove(build)
