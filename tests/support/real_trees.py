"""Real files of LLVM, for tests of what is read from them: brought as sources are.

``MLIR_TEST_ARCHIVES`` names a folder that has the archive of 23.1.1's parts; by default that is the folder
``shared`` beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source import archive, tree
from mlir_release.store import Store, file_sha256

ROOT = Path(__file__).parents[2]
_PARTS = "llvm-project-23.1.1-parts.tar.xz"
_SHA256 = "a086336208834d3edcd560de966a0c42eae213fd2269dd0c544362f1d0c17e58"
LLVM_22 = pins.read(ROOT / pins.FILE_NAME)
LLVM_23 = Pin(
    commit="6dfe1677ab8dffbc6ec13d53a1e0215d75147689",
    version="23.1.1",
    ref="llvmorg-23.1.1",
    archives={
        "llvm-project-23.1.1.src.tar.xz": "ebe9be46fe8756d58c5b198ffad0fa2a766257add81a4dc52179bfacc7888ee6",
        "llvm-toolchain-23_23.1.1.orig.tar.xz": (
            "0a5838b993f406534db7e6dc7df66e295354a1e9a23bb21e5739cf5df5bc7689"
        ),
    },
)


def parts_archive() -> Path | None:
    """The archive of 23.1.1's parts, if this machine has it."""
    folder = Path(os.environ.get("MLIR_TEST_ARCHIVES") or ROOT.parent / "shared")
    path = folder / _PARTS
    return path if path.is_file() and file_sha256(path) == _SHA256 else None


def bring(pin: Pin, paths: list[str], into: Path) -> Path:
    """Files of a pin's tree, as upstream has them, in a new folder; skips the test if there are none."""
    path = parts_archive() if pin is LLVM_23 else None
    if path:
        archive.unpack(path, paths, into)
        return into
    into.mkdir()
    try:
        tree.pristine(pin, paths, store=Store.open(None), into=into)
    except UserError as error:
        pytest.skip(f"the real files of LLVM {pin.version} are out of reach: {error}")
    return into
