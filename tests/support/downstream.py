"""Upstream's example of a project outside its tree, and how a downstream author would set it up."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import environments
from mlir_release.run import Completed, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.environments import Environment
    from mlir_release.interpreters import Interpreter
    from mlir_release.source import SourceTree
    from mlir_release.toolchain import Toolchain

# The distributions that the example needs, and where they come from; the programs of mlir-tools,
# which take minutes to compile, it does not.
_NEEDED = ("automation", "common", "llvm-sdk", "mlir-python-bindings", "mlir-sdk")
# What the example's own lit suite runs, less the Python modules: these are in the wheel that is tested.
TEST_PROGRAMS = ("standalone-opt", "standalone-translate", "standalone-capi-test", "StandalonePlugin")
# What the author changes in the example's pyproject.toml, and nothing else of it.
_CHANGES = {
    # No provider of it is named; scikit-build-core 1 refuses that.
    'dynamic = ["version"]': 'version = "1.0"',
    # 2.13 and newer make four of upstream's tests fail (llvm-project#205329).
    '"nanobind>=2.9, <3.0"': '"nanobind==2.12.0"',
    # The SDK, of exactly the version that is tested.
    "requires = [\n": 'requires = [\n    "mlir-sdk=={version}",\n',
}


def project_root(root: Path, folder: Path) -> Path:
    """A root of this project with few distributions; the local store finds their wheels all the same."""
    (folder / "packaging").mkdir(parents=True)
    for name in _NEEDED:
        (folder / "packaging" / name).symlink_to(root / "packaging" / name)
    for name in ("llvm-project.version", "patches", "tests"):
        (folder / name).symlink_to(root / name)
    return folder


def copy_example(tree: SourceTree, folder: Path, *, sdk_version: str) -> Path:
    """The example, with a pyproject.toml that names the SDK."""
    project = Path(shutil.copytree(tree.path / "mlir" / "examples" / "standalone", folder))
    settings = project / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    for old, new in _CHANGES.items():
        assert text.count(old) == 1, f"upstream's example has changed: {old!r} is not there once"
        text = text.replace(old, new.format(version=sdk_version))
    settings.write_text(text, encoding="utf-8")
    return project


@dataclass(frozen=True, kw_only=True)
class Author:
    """Somebody who has a compiler, an interpreter and pip, and the SDK's wheels in a folder."""

    toolchain: Toolchain
    environment: Environment
    wheelhouse: Path
    log: Path

    @classmethod
    def with_interpreter(
        cls, interpreter: Interpreter, folder: Path, *, toolchain: Toolchain, wheelhouse: Path
    ) -> Author:
        """An author with a fresh environment in ``folder``."""
        log = folder / "author.log"
        environment = environments.create(interpreter, folder / "environment", log=log)
        return cls(toolchain=toolchain, environment=environment, wheelhouse=wheelhouse, log=log)

    def run(self, *command: str | Path, **variables: str) -> Completed:
        """Run a program as the author does: no flags, no paths to MLIR or LLVM."""
        nothing = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CMAKE_PREFIX_PATH", "MLIR_DIR", "LLVM_DIR")
        linker = {"LLVM_USE_LINKER": self.toolchain.linker} if self.toolchain.linker else {}
        env = {**dict.fromkeys(nothing), **self.toolchain.variables, **linker, **variables}
        return run(command, env=env, log=self.log)

    def build_wheel(self, project: Path, folder: Path) -> Path:
        """The project's wheel, built by pip in an environment of pip's own (PEP 517)."""
        pip: Sequence[str | Path] = (self.environment.python, "-m", "pip", "wheel", "--no-cache-dir")
        self.run(*pip, "--no-deps", "--find-links", self.wheelhouse, "--wheel-dir", folder, project)
        (wheel,) = folder.glob("*.whl")
        return wheel

    def install(self, *arguments: str | Path) -> None:
        """Install wheels into the author's environment."""
        self.environment.install(["--find-links", self.wheelhouse, *arguments], log=self.log)

    def python(self, *arguments: str | Path) -> str:
        """What the author's interpreter prints."""
        return self.run(self.environment.python, *arguments).output

    def build_tests(self, project: Path, build: Path) -> None:
        """Build what the project's own tests run, with CMake; the SDK must be installed."""
        cmake_dir = self.python("-m", "mlir_sdk", "--cmake-dir").strip()
        python = self.environment.python
        settings = {
            "CMAKE_BUILD_TYPE": "Release",
            "MLIR_DIR": cmake_dir,
            "LLVM_USE_LINKER": self.toolchain.linker or "",
            "MLIR_INCLUDE_TESTS": "ON",
            "MLIR_ENABLE_BINDINGS_PYTHON": "ON",
            "Python_EXECUTABLE": python,
            "Python3_EXECUTABLE": python,
        }
        definitions = [f"-D{name}={value}" for name, value in settings.items()]
        self.run("cmake", "-G", "Ninja", "-S", project, "-B", build, *definitions)
        self.run("cmake", "--build", build, "--target", *TEST_PROGRAMS)
