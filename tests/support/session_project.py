"""A copy of this project whose sessions tests run, as people do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.source import PARTS
from samples import make_prefix

if TYPE_CHECKING:
    from mlir_release.interpreters import Interpreter

_ROOT = Path(__file__).parents[2]
_COPIED = (
    "noxfile.py",
    "pyproject.toml",
    "llvm-project.version",
    "packaging",
    "tests/expected-failures.toml",
)
# They say where tools are, or how they should behave.
_SETTINGS = ("CC", "CXX", "MLIR_DIR", "LLVM_DIR", "CMAKE_PREFIX_PATH", "HOMEBREW_PREFIX")
_LLVM = "22.1.8"

PATCH = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: >=22

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-project(something-else)
+project(patched)
"""


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@dataclass(frozen=True)
class Project:
    """A copy of this project with a wheelhouse of its own, beside a small llvm-project and a stand-in SDK."""

    root: Path
    series: str
    tag: str

    @property
    def pin(self) -> Path:
        return self.root / "llvm-project.version"

    @property
    def checkout(self) -> Path:
        return self.root.parent / "llvm-project"

    @property
    def sdk(self) -> Path:
        return self.root.parent / "prefix"

    @property
    def wheelhouse(self) -> Path:
        return self.root / "wheelhouse"

    def nox(
        self,
        *words: str | Path,
        path: str | None = None,
        cache: Path | None = None,
        before: tuple[str, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run nox; what it needs must be installed here, else it would make an environment for that."""
        env = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
        env |= {"NOX_SCRIPT_MODE": "none", "HOME": str(self.root.parent / "home")}
        env |= {"PATH": path} if path is not None else {}
        command = [
            *before,
            sys.executable,
            "-m",
            "nox",
            "-f",
            str(self.root / "noxfile.py"),
            *map(str, words),
        ]
        if "--" in words:
            command += ["--cache", str(cache or self.root.parent / "cache")]
        return subprocess.run(
            command, env=env, cwd=self.root, capture_output=True, text=True, timeout=240, check=False
        )

    def refusal(
        self,
        session: str,
        *options: str | Path,
        path: str | None = None,
        cache: Path | None = None,
        before: tuple[str, ...] = (),
    ) -> str:
        """The one line with which a session is refused."""
        done = self.nox("-s", session, "--", *options, path=path, cache=cache, before=before)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert done.returncode == 2, said
        about = f"nox > Session {session} aborted: "
        (line,) = (line for line in said.splitlines() if line.startswith(about))
        # It is the last word, too: only nox's own summary may follow.
        assert said.splitlines()[-1] == line, said
        return line.removeprefix(about)

    def here(self) -> tuple[str | Path, ...]:
        """Options with which a session needs neither the network nor an installed MLIR."""
        return ("--llvm-project", self.checkout, "--sdk", self.sdk)


def make_checkout(folder: Path) -> None:
    """As little of llvm-project as is taken for one."""
    numbers = zip(("MAJOR", "MINOR", "PATCH", "SUFFIX"), (*_LLVM.split("."), ""), strict=True)
    version = "".join(f"  set(LLVM_VERSION_{name} {number})\n" for name, number in numbers)
    write(folder / "cmake/Modules/LLVMVersion.cmake", version)
    write(folder / "mlir/CMakeLists.txt", "project(mlir)\n")
    lowest = "set(MLIR_MINIMUM_PYTHON_VERSION 3.9)\n"
    write(folder / "mlir/cmake/modules/MLIRDetectPythonEnv.cmake", lowest)
    write(folder / "mlir/python/requirements.txt", "numpy>=1.19.5\n")
    for part in PARTS:
        if not (folder / part).exists():
            write(folder / (part if "." in part else f"{part}/x"), "x\n")
    for name in ("", "Unit/"):
        write(folder / f"mlir/test/{name}lit.site.cfg.py.in", "# a template\n")


def make_project(folder: Path, interpreter: Interpreter) -> Project:
    """The copy, in an empty folder."""
    made = Project(folder / "project", interpreter.series, interpreter.tag)
    (made.root / "patches").mkdir(parents=True)
    (folder / "home").mkdir()
    for name in _COPIED:
        target = made.root / name
        target.parent.mkdir(exist_ok=True)
        if (_ROOT / name).is_dir():
            shutil.copytree(_ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(_ROOT / name, target)
    make_checkout(made.checkout)
    make_prefix(made.sdk, _LLVM)
    return made
