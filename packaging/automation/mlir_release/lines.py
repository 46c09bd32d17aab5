"""LLVM's lines: what of a release depends on which one is built (``packaging/lines.toml``, and the tree)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import llvm_facts
import llvm_lines
from llvm_lines import Line
from mlir_release import log
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.series import Abi, Series, abis, supported

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.pin import Pin

__all__ = ["Line", "abis_of", "ensure_agrees", "line_of", "lowest_python", "served"]


def line_of(version: str | None) -> Line:
    """The line of an LLVM version; of one that is not known, or not said, the newest, with a warning.

    Raises:
        UserError: the table of lines is malformed, or the version is older than all of it.
    """
    try:
        lines = llvm_lines.read()
        newest = max(lines)
        line = llvm_lines.line_of(version or f"{newest}", lines)
    except llvm_lines.BadLines as error:
        raise UserError(f"{error}; mend that table") from None
    if version and not version.startswith(f"{line.major}."):
        log.say(f"   LLVM {version} is of no line in {llvm_lines.FILE.name}: built as {line.major} is")
    return line


def abis_of(pin: Pin, *, per_version: bool = False) -> tuple[Abi, ...]:
    """What wheels of the bindings a release of a pin is made of, as far as it says so.

    Args:
        pin: what is built.
        per_version: whether each is for one Python, as no release is.

    Raises:
        UserError: its version is of no line that is known.
    """
    return abis(supported(pin.python), stable=line_of(pin.version).abi3 and not per_version)


def served(root: Path) -> tuple[Series, ...]:
    """The Pythons that the pin of a project has sessions for; all of them, where it cannot be read."""
    try:
        return supported(pins.read(root / pins.FILE_NAME).python)
    except UserError:  # what reads it for its work says so
        return supported()


def lowest_python(tree: Path) -> str:
    """The lowest Python that a tree's bindings are built for (``3.10``).

    Raises:
        UserError: the tree does not say it.
    """
    try:
        return llvm_facts.lowest_python(tree)
    except llvm_facts.UnknownForm as error:
        raise UserError(f"{error}; see what upstream changed") from None


def ensure_agrees(line: Line, tree: Path) -> None:
    """See that the table of lines does not contradict a tree.

    Raises:
        UserError: it does, or the tree's requirements, or its lowest Python, cannot be read.
    """
    try:
        llvm_facts.lowest_python(tree)
        llvm_facts.requirements(tree)
        if line.abi3 and not llvm_facts.offers_abi3(tree):
            raise UserError(
                f"{llvm_lines.FILE.name} makes abi3 wheels of line {line.major}, which {tree} cannot be built"
                " as: it has no MLIR_ENABLE_PYTHON_STABLE_ABI; mend that table"
            )
    except llvm_facts.UnknownForm as error:
        raise UserError(f"{error}; see what upstream changed") from None
