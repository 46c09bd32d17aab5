"""How what a commit of this project carries, patches above all, fits a commit of llvm-project."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import llvm_facts
from mlir_release import lines, log
from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source.patches import load_all, select, touched
from mlir_release.train import drift
from mlir_release.train.patch_check import PatchesFail, failures
from mlir_release.train.sides import Finder

if TYPE_CHECKING:
    from mlir_release.source.patches import Patch
    from mlir_release.train.project import Project
    from mlir_release.train.upstream import Upstream

_PATCHES = "patches"


def ensure_fit(project: Project, start: str, upstream: Upstream, pin: Pin) -> Pin:
    """Check that those patches that belong to a pin's version apply to its commit; says each that does not.

    Args:
        project: whose patches they are.
        start: the commit of it that has them.
        upstream: where the files are that they change.
        pin: with a version.

    Returns:
        the pin, with the lowest Python of its tree, as the patches leave it.

    Raises:
        PatchesFail: one does not apply.
        UserError: one cannot be read, or the files are not to be had.
    """
    assert pin.version
    what = f"LLVM {pin.version} ({pin.commit[:9]})"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = _patches(_brought(project, start, folder))
        chosen = select(known, pin.version)
        upstream.put(pin.commit, sorted({*touched(chosen), str(llvm_facts.DETECT_PYTHON)}), folder)
        failed = failures(chosen, folder)
        lowest = None if failed else _lowest_python(folder, what)
    for line in failed:
        log.say(f"   {line}")
    if failed:
        raise PatchesFail(chosen, failed, what)
    log.say(f"   patches: {len(chosen)} of {len(known)} belong to {what}, and apply")
    return replace(pin, python=lowest)


def pinned(project: Project, upstream: Upstream, ref: str, start: str, commit: str) -> Pin | PatchesFail:
    """The pin of a commit of llvm-project on an upstream branch; why our patches do not apply to it."""
    try:
        pin = Pin(commit=commit, version=upstream.version(commit), ref=ref)
        return ensure_fit(project, start, upstream, pin)
    except PatchesFail as failure:
        return failure


def drift_lines(project: Project, upstream: Upstream, start: str, commit: str) -> list[str]:
    """What is new for us between what a commit of ours pins and a commit of llvm-project; says it, too.

    Args:
        project: whose patches and expectations count.
        upstream: where both commits of llvm-project are taken from.
        start: the commit of the project that has these, and the pin.
        commit: 40 digits.

    Returns:
        the report of ``drift``; a line that says why, if it cannot be made; nothing for the pinned commit.
    """
    old = project.pin(start).commit
    if old == commit:
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = drift.Ours.read(_brought(project, start, folder))
        finder = Finder(store=upstream.store, remote=upstream.url, paths=ours.paths, into=folder)
        try:
            sides = [finder.pinned(Pin(commit=it)) for it in (old, commit)]
            report = drift.compare(ours, *sides).lines()
        except UserError as error:
            report = [f"drift from {old[:9]} is not known: {error}"]
    for line in report:
        log.say(f"   {line}")
    return report


def _lowest_python(folder: Path, what: str) -> str:
    try:
        return lines.lowest_python(folder)
    except UserError as error:
        raise UserError(str(error).replace(str(folder), what)) from None


def _brought(project: Project, start: str, folder: Path) -> Path:
    """A folder with those files of a commit that name files of llvm-project."""
    (folder / _PATCHES).mkdir()
    project.bring(start)
    project.repository.write_files(start, [_PATCHES, drift.EXPECTATIONS], folder)
    return folder


def _patches(folder: Path) -> tuple[Patch, ...]:
    """The patches in such a folder; errors call them by their names in the project."""
    try:
        return load_all(folder / _PATCHES)
    except UserError as error:
        raise UserError(str(error).replace(f"{folder}{os.sep}", "")) from None
