"""The raw wheel of a distribution: for one interpreter, or for this platform; compiled against an SDK.

Drives the wheel project the way any PEP 517 frontend does, with its build
folder kept until it is done, so that a build that was stopped goes on.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlir_release import environments, log, provenance
from mlir_release.distributions import shared
from mlir_release.distributions.files import content
from mlir_release.distributions.table import MadePer
from mlir_release.interpreters import Interpreter
from mlir_release.inventory import Changed
from mlir_release.run import run
from mlir_release.store import remove, write_atomically

if TYPE_CHECKING:
    from mlir_release.distributions.table import Distribution
    from mlir_release.lines import Line
    from mlir_release.sdk import Sdk
    from mlir_release.series import Abi
    from mlir_release.source import SourceTree
    from mlir_release.store import Box, Store
    from mlir_release.toolchain import Toolchain

_DIST = "dist"
_BUILD = "build"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that a wheel is made from.

    ``interpreter`` and ``abi`` are None for a wheel that is made per platform; the
    wheel serves all of the ABI, whichever interpreter builds it. ``line`` is
    LLVM's; ``ref`` is
    the upstream name of the commit, if it has one; ``tag`` the release that it
    belongs to, None for an untagged build; ``version`` is that of the wheel.
    """

    distribution: Distribution
    interpreter: Interpreter | None
    abi: Abi | None
    line: Line
    tree: SourceTree
    sdk: Sdk
    toolchain: Toolchain
    ref: str | None
    tag: str | None
    version: str

    def __post_init__(self) -> None:
        assert (
            (self.interpreter is None)
            == (self.abi is None)
            == (self.distribution.made_per is MadePer.PLATFORM)
        )

    @property
    def title(self) -> str:
        """What it is called in logs: the distribution, and its interpreter if it has one."""
        tag = f"-{self.abi.name}" if self.abi else ""
        return f"{self.distribution.name}{tag}"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the wheel says of itself, as far as it is known before."""
        return provenance.describe(
            self.tree, self.sdk, tag=self.tag, ref=self.ref, compiler=self.toolchain.name
        )

    @property
    def requires(self) -> list[str]:
        """What builds it (PEP 508): with what the line says of that."""
        return [*self.distribution.requires, *self.distribution.required_of(self.line)]

    @property
    def _built_with(self) -> Any:
        python, abi = self.interpreter, self.abi
        # A stable ABI is the same whatever builds it.
        return abi.name if abi and abi.stable else python and [python.tag, python.version, str(python.path)]

    def parts(self) -> dict[str, Any]:
        """What the content depends on, for its key."""
        return {
            "distribution": self.distribution.name,
            "interpreter": self._built_with,
            "requires": self.requires,
            "source": self.tree.key,
            "sdk": self.sdk.key,
            "toolchain": dict(self.toolchain.key),
            "project": content(self.distribution.folder),
            "provenance": self.facts,
            "version": self.version,
        }


@dataclass(frozen=True, kw_only=True)
class Made:
    """A raw wheel, and the folder of what upstream's own tests need beside it, if they do."""

    wheel: Path
    test_folder: Path | None
    reused: bool


def obtain(inputs: Inputs, store: Store) -> Made:
    """The wheel made from these inputs, compiled now if there is none yet.

    Raises:
        ToolFailed: it did not compile.
        Changed: what is kept of it is not there any more.
    """
    box = store.obtain("raw", inputs.parts(), lambda work: _make(inputs, store, work), resumable=True)
    return _contents(inputs, box)


def _contents(inputs: Inputs, box: Box) -> Made:
    wheel = next((box.path / _DIST).glob("*.whl"), None)
    folder = inputs.distribution.test_folder
    test_folder = box.path / folder if folder else None
    if wheel is None:
        raise Changed(box.path, "it has no wheel any more")
    if test_folder and not test_folder.is_dir():
        raise Changed(box.path, f"it has no {folder} any more")
    return Made(wheel=wheel, test_folder=test_folder, reused=box.reused)


def _make(inputs: Inputs, store: Store, work: Path) -> None:
    """Fill a folder of the store; only the CMake tree outlives a stop."""
    distribution = inputs.distribution
    parts = shared.obtain(distribution, inputs.tree, inputs.sdk, inputs.toolchain, store)
    remove(work / _DIST)
    tool_log = store.log_file(f"raw-{inputs.title}")
    environment = environments.create(_builder(inputs), work / "environment", log=tool_log)
    environment.install(inputs.requires, log=tool_log)
    log.say(f"   compiling; the whole log is {tool_log}")
    pip: list[str | Path] = [environment.python, "-m", "pip", "wheel", "--verbose", "--no-build-isolation"]
    pip += ["--no-deps", "--no-cache-dir", "--wheel-dir", work / _DIST]
    pip += [f"--config-settings={name}={value}" for name, value in _settings(inputs, work / _BUILD).items()]
    variables = _variables(inputs, work, parts)
    run([*pip, distribution.folder], env=variables, log=tool_log, on_line=log.Progress(), isolated=True)
    if distribution.test_folder:
        remove(work / distribution.test_folder)
        (work / _BUILD / distribution.test_folder).rename(work / distribution.test_folder)
    for done in (_BUILD, "environment"):
        remove(work / done)


def _builder(inputs: Inputs) -> Interpreter:
    """The interpreter whose environment builds it: our own for a platform's wheel, which does not show it."""
    return inputs.interpreter or Interpreter(
        path=Path(sys.executable),
        version=platform.python_version(),
        tag=f"cp{sys.version_info.major}{sys.version_info.minor}",
        found_in="running",
    )


def hand_over(inputs: Inputs, store: Store, folder: Path) -> Path:
    """Write down what the wheel's build is to be told, where a frontend that is not ours starts it.

    Args:
        inputs: what it is to be made from.
        store: has what wheels share, or gets it now.
        folder: takes the build tree, and a JSON file with ``variables`` of the environment (null for those
            that must not be set) and ``settings`` (PEP 517).

    Returns:
        That file.

    Raises:
        ToolFailed: what wheels share did not compile.
    """
    parts = shared.obtain(inputs.distribution, inputs.tree, inputs.sdk, inputs.toolchain, store)
    told = {
        "variables": _variables(inputs, folder, parts),
        "settings": _settings(inputs, folder / _BUILD),
    }
    file = folder / "build.json"
    write_atomically(file, json.dumps(told, indent=2))
    return file


def handed_test_folder(distribution: Distribution, folder: Path) -> Path | None:
    """What upstream's own tests need, in the build tree of a wheel whose build was handed over."""
    return folder / _BUILD / distribution.test_folder if distribution.test_folder else None


def _variables(inputs: Inputs, work: Path, parts: Path | None) -> dict[str, str | None]:
    """The environment of the wheel's build; ``work`` takes a file that it names, ``parts`` are shared."""
    facts = work / "provenance.json"
    facts.write_text(json.dumps(inputs.facts), encoding="utf-8")
    return {
        **shared.environment(inputs.tree, inputs.toolchain),
        "MLIR_RELEASE_PROVENANCE": str(facts),
        "MLIR_RELEASE_VERSION": inputs.version,
        "MLIR_RELEASE_SHARED": str(parts or ""),
    }


def _settings(inputs: Inputs, build: Path) -> dict[str, str]:
    """The wheel project's settings (PEP 517)."""
    defines = shared.defines(inputs.sdk, inputs.toolchain)
    return {
        "build-dir": build.as_posix(),
        **{f"cmake.define.{name}": value for name, value in defines.items()},
        **_targets(inputs.distribution),
        **_stable_abi(inputs.abi),
    }


def _stable_abi(abi: Abi | None) -> dict[str, str]:
    """What makes one wheel for several Pythons: scikit-build-core's setting, and upstream's option."""
    if abi is None or not abi.stable:
        return {}
    # Of its name, not of what builds it: that may be newer.
    return {"wheel.py-api": abi.name.partition("-")[0], "cmake.define.MLIR_ENABLE_PYTHON_STABLE_ABI": "ON"}


def _targets(distribution: Distribution) -> dict[str, str]:
    """What is compiled: with what upstream's tests need, all in one run, so that no processor waits."""
    if not distribution.test_target:
        return {}
    return {"build.targets": ";".join([*(distribution.targets or ("all",)), distribution.test_target])}
