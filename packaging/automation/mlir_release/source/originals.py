"""What patches change, as it was before: kept in a source box, and found there again.

In a box whose tree was patched::

    originals/PATH   each file that was changed, as upstream has it
    added            the paths that upstream has not, a line each; there whenever originals were kept
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlir_release.source.layout import is_wanted
from mlir_release.source.patches import touched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlir_release.source.patches import Patch
    from mlir_release.store import Box, Store

KIND = "source"
TREE = "llvm-project"
_ORIGINALS = "originals"
_ADDED = "added"


def keep(box: Path, patches: Sequence[Patch]) -> None:
    """Keep the files of a box's tree that patches are about to change."""
    added = [path for path in touched(patches) if not _copied(box / TREE, path, box / _ORIGINALS)]
    (box / _ADDED).write_text("".join(f"{path}\n" for path in added), encoding="utf-8")


def copy(store: Store, commit: str, paths: Sequence[str], into: Path) -> Box | None:
    """Copy files of a commit, as upstream has them, out of a box of the store.

    Args:
        store: where boxes are looked for; with which patches they were made does not matter.
        commit: 40 hexadecimal digits.
        paths: below the root of llvm-project, or patterns of such; those that upstream has not are left out.
        into: the folder that the files go to.

    Returns:
        The box that they are from; None if there is none that has them all.
    """
    box = next(_serving(store, commit, paths), None)
    if box is None:
        return None
    patched = (box.path / _ADDED).is_file()
    added = (box.path / _ADDED).read_text(encoding="utf-8").splitlines() if patched else ()
    for path in _named(box.path / TREE, paths):
        if path not in added and not _copied(box.path / _ORIGINALS, path, into):
            _copied(box.path / TREE, path, into)
    return box


def _named(tree: Path, paths: Sequence[str]) -> Iterator[str]:
    """The paths, and for each pattern the files that it stands for."""
    for path in paths:
        if "*" in path:
            yield from (found.relative_to(tree).as_posix() for found in tree.glob(path))
        else:
            yield path


def _serving(store: Store, commit: str, paths: Sequence[str]) -> Iterator[Box]:
    """The boxes that have these files of a commit, and have kept what was patched."""
    for folder in sorted((store.root / KIND).glob("*")):
        box = store.find(KIND, folder.name)
        if box is None or commit not in (box.manifest.get("commit"), box.manifest.get("checkout")):
            continue
        whole = not box.manifest["patches"] or (folder / _ADDED).is_file()
        if whole and all(is_wanted(path, box.manifest["parts"]) for path in paths):
            yield box


def _copied(folder: Path, path: str, into: Path) -> bool:
    """Copy a file, if it is there."""
    if not (folder / path).is_file():
        return False
    (into / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(folder / path, into / path)
    return True
