"""The raw wheel of one interpreter: MLIR's Python bindings, compiled against an SDK.

Drives the wheel project in ``packaging/mlir-python-bindings`` the way any PEP
517 frontend does, with its build folder kept until it is done, so that a build
that was stopped goes on.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release import environments, log, provenance, versions
from mlir_release.run import run
from mlir_release.store import content_key, file_sha256, remove

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.interpreters import Interpreter
    from mlir_release.sdk import Sdk
    from mlir_release.source import SourceTree
    from mlir_release.store import Box, Store
    from mlir_release.toolchain import Toolchain

# They would add the build machine's folders and habits to what is compiled; pyenv's LDFLAGS do.
_NO_FLAGS = dict.fromkeys(("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH", "LD_RUN_PATH"))


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that a bindings wheel is made from.

    ``project`` is the folder of the wheel project; ``ref`` the upstream name of
    the commit, if it has one.
    """

    interpreter: Interpreter
    tree: SourceTree
    sdk: Sdk
    toolchain: Toolchain
    project: Path
    ref: str | None

    @property
    def version(self) -> str:
        """The version that the wheel gets."""
        return versions.untagged(self.tree.version, self.tree.commit)

    def parts(self) -> dict[str, Any]:
        """What the content depends on, for its key."""
        return {
            "interpreter": [self.interpreter.tag, self.interpreter.version, str(self.interpreter.path)],
            "source": self.tree.key,
            "sdk": self.sdk.key,
            "toolchain": dict(self.toolchain.key),
            "project": content_key({name: file_sha256(self.project / name) for name in self._files()}),
            "provenance": provenance.describe(self.tree, self.sdk, ref=self.ref),
            "version": self.version,
        }

    def _files(self) -> list[str]:
        """The files of the wheel project, less what Python leaves there when a build imports them."""
        files = (path.relative_to(self.project) for path in self.project.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in files if "__pycache__" not in path.parts)


@dataclass(frozen=True, kw_only=True)
class Bindings:
    """A raw wheel, and the folder that is laid over its package for upstream's own tests."""

    wheel: Path
    test_extension: Path
    reused: bool


def obtain(inputs: Inputs, store: Store) -> Bindings:
    """The wheel made from these inputs, compiled now if there is none yet.

    Raises:
        ToolFailed: it did not compile.
    """
    box = store.obtain("bindings", inputs.parts(), lambda work: _make(inputs, store, work), resumable=True)
    return _contents(box)


def _contents(box: Box) -> Bindings:
    (wheel,) = (box.path / "dist").glob("*.whl")
    return Bindings(wheel=wheel, test_extension=box.path / "test_extension", reused=box.reused)


def _make(inputs: Inputs, store: Store, work: Path) -> None:
    """Fill a folder of the store; only the CMake tree outlives a stop."""
    for old in ("dist", "test_extension"):
        remove(work / old)
    tool_log = store.log_file(f"bindings-{inputs.interpreter.tag}")
    environment = environments.create(inputs.interpreter, work / "environment", log=tool_log)
    environment.install(_build_requirements(inputs.project), log=tool_log)
    facts = work / "provenance.json"
    facts.write_text(
        json.dumps(provenance.describe(inputs.tree, inputs.sdk, ref=inputs.ref)), encoding="utf-8"
    )

    log.say(f"   compiling; the whole log is {tool_log}")
    pip: list[str | Path] = [environment.python, "-m", "pip", "wheel", "--verbose", "--no-build-isolation"]
    pip += ["--no-deps", "--no-cache-dir", "--wheel-dir", work / "dist", *_settings(inputs, work / "build")]
    run(
        [*pip, inputs.project],
        env={
            **_NO_FLAGS,
            "CC": str(inputs.toolchain.cc),
            "CXX": str(inputs.toolchain.cxx),
            "LLVM_PROJECT_SOURCE": str(inputs.tree.path),
            "MLIR_RELEASE_PROVENANCE": str(facts),
            "MLIR_RELEASE_VERSION": inputs.version,
        },
        log=tool_log,
        on_line=log.Progress(),
    )
    # What upstream's tests need and the wheel must not have; nearly all of it is compiled by now.
    build: list[str | Path] = ["cmake", "--build", work / "build", "--target", "MLIRPythonTestExtension"]
    run(build, env={**_NO_FLAGS}, log=tool_log, on_line=log.Progress())
    (work / "build" / "test_extension").rename(work / "test_extension")
    for done in ("build", "environment"):
        remove(work / done)


def _settings(inputs: Inputs, build: Path) -> list[str]:
    """The wheel project's settings, as options of pip."""
    settings = {
        "build-dir": str(build),
        "cmake.define.MLIR_DIR": str(inputs.sdk.library_dir / "cmake" / "mlir"),
        "cmake.define.LLVM_DIR": str(inputs.sdk.library_dir / "cmake" / "llvm"),
    }
    if inputs.toolchain.linker:
        settings["cmake.define.CMAKE_LINKER_TYPE"] = inputs.toolchain.linker.upper()
    return [f"--config-settings={name}={value}" for name, value in settings.items()]


def _build_requirements(project: Path) -> list[str]:
    """What the wheel project needs in the interpreter that builds it (PEP 518)."""
    table = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    return list(table["build-system"]["requires"])
