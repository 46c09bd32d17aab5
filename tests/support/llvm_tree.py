"""A tiny llvm-project, and what the tests of the source room do with it."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source import PARTS, SourceTree, obtain

if TYPE_CHECKING:
    from mlir_release.store import Store

COMMIT = "ca7933e47d3a3451d81e72ac174dcb5aa28b59d1"
ORIG = "llvm-toolchain-22_22.1.8.orig.tar.xz"
RELEASE = "llvm-project-22.1.8.src.tar.xz"
NOWHERE = "file:///nowhere/llvm-project.git"
VERSION = "".join(
    f"if(NOT DEFINED LLVM_VERSION_{name})\n  set(LLVM_VERSION_{name}{value})\nendif()\n"
    for name, value in (("MAJOR", " 22"), ("MINOR", " 1"), ("PATCH", " 8"), ("SUFFIX", ""))
)
TAKEN = {
    "LICENSE.TXT": "license\n",
    "cmake/Modules/LLVMVersion.cmake": VERSION,
    "mlir/CMakeLists.txt": "project(mlir)\n",
    "mlir/cmake/modules/MLIRDetectPythonEnv.cmake": "set(MLIR_MINIMUM_PYTHON_VERSION 3.9)\n",
    "mlir/python/requirements.txt": "nanobind\n",
    "mlir/llvm/deep.txt": "in a part\n",
    "llvm/LICENSE.TXT": "llvm license\n",
    "llvm/cmake/modules/AddLLVM.cmake": "\n",
    "llvm/include/llvm/ADT/APInt.h": "// APInt\n",
    "llvm/utils/lit/lit.py": "#!/usr/bin/env python3\n",
    "llvm/test/lit.cfg.py": "import lit\n",
}
# Of the other parts, whose content no test looks at, a file each.
TAKEN |= {
    part if Path(part).suffix else f"{part}/file": "part\n"
    for part in PARTS
    if not any(name == part or name.startswith(f"{part}/") for name in TAKEN)
}
LEFT = {
    "README.md": "not needed\n",
    "llvm/docs/index.rst": "not needed\n",
    "llvm/library/x": "not needed\n",
    "llvm/test/CodeGen/x.ll": "not needed\n",
    "mlir-extra/x": "not needed\n",
    "utils/bazel/mlir/x": "not needed\n",
    "clang/cmake/x": "not needed\n",
    "clang/LICENSE.TXT": "not needed\n",
}
PATCH = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: {applies}

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-{old}
+project(patched)
"""


def write_tree(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (files or {**TAKEN, **LEFT}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if not files:
        (folder / "llvm/utils/lit/lit.py").chmod(0o755)
        (folder / "mlir/link").symlink_to("python/requirements.txt")
    return folder


def content(folder: Path, *, times: bool = False) -> dict[str, object]:
    """Everything below a folder: text, executable bit, links; with times also when it changed."""
    result: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink():
            result[name] = ("link", str(path.readlink()))
        elif path.is_file():
            result[name] = (hashlib.sha256(path.read_bytes()).hexdigest(), bool(status.st_mode & 0o100))
        if times:
            result[name] = (result.get(name), status.st_mtime_ns)
    return result


def archive(path: Path, tree: Path, top: str = "llvm-toolchain-22_22.1.8") -> str:
    """Pack a tree below one top folder; its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz", preset=0) as tar:
        tar.add(tree, top)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@dataclass(frozen=True)
class World:
    """A store, a folder of patches and a pristine tree."""

    store: Store
    patches: Path
    pristine: Path

    def obtain(self, pin: Pin, *, remote: str = NOWHERE, checkout: Path | None = None) -> SourceTree:
        return obtain(pin, patches=self.patches, store=self.store, checkout=checkout, remote=remote)

    def patch(self, old: str = "project(mlir)", applies: str = "==22.*") -> Path:
        path = self.patches / "0001-test.patch"
        path.write_text(PATCH.format(old=old, applies=applies))
        return path

    def packed(self, name: str = ORIG, tree: Path | None = None) -> Pin:
        """A pin with one archive, which is in the archives' folder."""
        sha256 = archive(self.store.root / "archives" / name, tree or self.pristine)
        return Pin(commit=COMMIT, version="22.1.8", ref="llvmorg-22.1.8", archives={name: sha256})

    def one_line(self, pin: Pin, **options: str | Path | None) -> str:
        with pytest.raises(UserError) as caught:
            self.obtain(pin, **options)  # type: ignore[arg-type]
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    def assert_whole(self, tree: SourceTree, *, patched: bool = False) -> None:
        expected = content(self.expected)
        got = content(tree.path)
        assert (
            tree.path / "mlir/CMakeLists.txt"
        ).read_text() == f"project({'patched' if patched else 'mlir'})\n"
        if patched:
            del expected["mlir/CMakeLists.txt"], got["mlir/CMakeLists.txt"]
        assert got == expected

    @property
    def expected(self) -> Path:
        return self.pristine.parent / "expected"


@dataclass(frozen=True)
class Server:
    url: str
    pin: Pin
