"""The two sides that ``drift`` compares: trees of llvm-project, and installed MLIRs."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import llvm_facts
from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.sdk import prefix
from mlir_release.source import archive, checkout, tree
from mlir_release.source.facts import Kind, of_tree
from mlir_release.source.installed_facts import of_prefix
from mlir_release.source.patches import apply_what_fits, select, touched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.source.facts import Facts
    from mlir_release.source.patches import Patch
    from mlir_release.store import Store

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side: how people call it, its facts, and the folder of its source, None for an installation."""

    name: str
    facts: Facts
    folder: Path | None

    def __str__(self) -> str:
        return f"LLVM {self.facts.version} ({self.name})"


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Where the sides' files come from, and go to.

    ``paths`` are the files, or patterns, that are needed of a tree; ``into`` is a folder for them;
    ``remote`` llvm-project's URL.
    """

    store: Store
    remote: str
    paths: Sequence[str]
    into: Path

    def side(self, what: str) -> Side:
        """The side that a word of the user's means: a commit, a checkout, an archive, or an installed MLIR.

        Raises:
            UserError: it is none of these, or cannot be had.
        """
        if _COMMIT.fullmatch(what):
            return self.pinned(Pin(commit=what))
        place = Path(what).expanduser().resolve()
        if place.is_file():
            folder = self._new_folder()
            archive.unpack(place, self.paths, folder / "tree")
            return _side(place.name, folder / "tree")
        if place.is_dir():
            return _side_of_folder(place)
        raise UserError(
            f"{what} is neither a commit's 40 digits nor a checkout, an archive or an installed MLIR"
        )

    def pinned(self, pin: Pin) -> Side:
        """The side of a pin.

        Raises:
            UserError: its source cannot be had.
        """
        folder = self._new_folder()
        tree.pristine(pin, self.paths, store=self.store, into=folder, remote=self.remote)
        return _side(pin.commit[:9], folder)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.into))


def _side_of_folder(place: Path) -> Side:
    try:
        installed = prefix.read(place)
    except prefix.NotMlir:
        checkout.check(place, ())
        return _side(str(place), place)
    return Side(name=str(place), facts=of_prefix(installed), folder=None)


def _side(name: str, folder: Path) -> Side:
    try:
        return Side(name=name, facts=of_tree(folder), folder=folder)
    except UserError as error:
        raise UserError(str(error).replace(str(folder), name)) from None


def patched(known: Sequence[Patch], side: Side) -> tuple[Side, dict[str, str]]:
    """A side as our patches make it, and what each does there, in words; nothing for an installation."""
    if side.folder is None:
        return side, {}
    chosen = select(known, side.facts.version)
    states = {}
    with tempfile.TemporaryDirectory() as name:
        # Each patch that belongs to it on top of those before.
        together = _originals(known, side.folder, Path(name) / "together")
        for number, patch in enumerate(known):
            belongs = patch in chosen
            files = together if belongs else _originals(known, side.folder, Path(name) / str(number))
            failed = apply_what_fits(patch, files)
            if belongs:
                states[patch.name] = f"does not apply: {'; '.join(failed)}" if failed else "applies"
            else:
                states[patch.name] = f"is not for it ({patch.applies_to}){'' if failed else ', but applies'}"
        return _with_lowest_python(side, together), states


def _with_lowest_python(side: Side, changed: Path) -> Side:
    """A side whose lowest Python is that of the patched file, if there is one."""
    try:
        lowest = {"Python": llvm_facts.lowest_python(changed)}
    except llvm_facts.UnknownForm:
        return side
    return replace(side, facts=replace(side.facts, found={**side.facts.found, Kind.PYTHON: lowest}))


def _originals(patches: Sequence[Patch], folder: Path, into: Path) -> Path:
    into.mkdir()
    checkout.copy(folder, [path for path in touched(patches) if (folder / path).is_file()], into)
    return into
