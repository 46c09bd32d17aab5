"""Whether the patches that a commit of this project carries apply to a commit of llvm-project."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.source.patches import load_all, select, touched
from mlir_release.train.patch_check import PatchesFail, failures

if TYPE_CHECKING:
    from mlir_release.pin import Pin
    from mlir_release.source.patches import Patch
    from mlir_release.train.project import Project
    from mlir_release.train.upstream import Upstream

_PATCHES = "patches"


def ensure_fit(project: Project, start: str, upstream: Upstream, pin: Pin) -> None:
    """Check that those patches that belong to a pin's version apply to its commit; says each that does not.

    Args:
        project: whose patches they are.
        start: the commit of it that has them.
        upstream: where the files are that they change.
        pin: with a version.

    Raises:
        PatchesFail: one does not apply.
        UserError: one cannot be read, or the files are not to be had.
    """
    assert pin.version
    what = f"LLVM {pin.version} ({pin.commit[:9]})"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = _patches(project, start, folder)
        chosen = select(known, pin.version)
        upstream.put(pin.commit, touched(chosen), folder)
        lines = failures(chosen, folder)
    for line in lines:
        log.say(f"   {line}")
    if lines:
        raise PatchesFail(chosen, lines, what)
    log.say(f"   patches: {len(chosen)} of {len(known)} belong to {what}, and apply")


def _patches(project: Project, start: str, folder: Path) -> tuple[Patch, ...]:
    """The patches of a commit, written into a folder; errors call them by their names in the project."""
    (folder / _PATCHES).mkdir()
    project.bring(start)
    project.repository.write_files(start, [_PATCHES], folder)
    try:
        return load_all(folder / _PATCHES)
    except UserError as error:
        raise UserError(str(error).replace(f"{folder}{os.sep}", "")) from None
