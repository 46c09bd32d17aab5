"""The patches that this project carries on top of upstream (``patches/NNNN-slug.patch``).

Each is a unified diff below a header of its own::

    Why: what it changes and what for; lines that go on are indented
    Upstream: a link to the upstream change or file
    Drop-when: the day on which it can go
    Applies-to: LLVM versions, as a PEP 440 specifier (==22.*)

Patches are applied without any system tool, exactly as they are written: a hunk
may have moved, but its lines must all be there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.source.hunks import apply_hunks
from mlir_release.source.layout import release_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unidiff.patch import PatchedFile

_NAME = re.compile(r"\d{4}-[a-z0-9][a-z0-9._-]*\.patch")
_FIELDS = ("Why", "Upstream", "Drop-when", "Applies-to")
_FIELD = re.compile(rf"^({'|'.join(_FIELDS)}):(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_DIFF_START = re.compile(r"^(diff --git |--- )", re.MULTILINE)


class BadPatch(UserError):
    """A patch file of ours is not in the form that this module reads."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; mend the patch or remove it")


class PatchFailed(UserError):
    """A patch does not apply to the tree; names its file, the file it changes and the hunk."""

    def __init__(self, patch: Patch, reason: str) -> None:
        super().__init__(
            f"{patch.path} does not apply: {reason}; renew the patch, or narrow its Applies-to"
            f" ({patch.applies_to})"
        )


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One patch file: its name and sha256, what its header says, and where it is."""

    name: str
    sha256: str
    applies_to: SpecifierSet
    why: str
    upstream: str
    drop_when: str
    path: Path


def load_all(folder: Path) -> tuple[Patch, ...]:
    """All patches of a folder in the order in which they apply, that of their names.

    Raises:
        BadPatch: one is malformed; names the file.
        UserError: the folder cannot be read.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".patch")
    except OSError as error:
        raise UserError(f"the patches in {folder} cannot be read: {error.strerror}") from None
    return tuple(_load(path) for path in files)


def select(patches: Iterable[Patch], version: str) -> tuple[Patch, ...]:
    """Those patches that are meant for an LLVM version (``22.1.8``, ``23.0.0git``).

    A patch belongs to a release line: a suffix (``git``, ``rc1``) does not count.
    """
    release = release_numbers(version)
    return tuple(patch for patch in patches if patch.applies_to.contains(release))


def touched(patches: Iterable[Patch]) -> tuple[str, ...]:
    """The files that patches change or add, as paths below the root of llvm-project, sorted."""
    return tuple(sorted({part.path for patch in patches for part in _diff(patch)}))


def apply(patch: Patch, tree: Path) -> None:
    """Apply a patch to a tree: to all the files it names, or to none.

    Raises:
        PatchFailed: a file or the lines that it changes are not in the tree.
    """
    changed, failed = _attempt(patch, tree)
    if failed:
        raise PatchFailed(patch, "; ".join(failed))
    _write(tree, changed)


def apply_what_fits(patch: Patch, tree: Path) -> list[str]:
    """Apply those hunks of a patch that fit; what does not is left out.

    Returns:
        a line for each file and hunk that was left out: which one, and why.
    """
    changed, failed = _attempt(patch, tree)
    _write(tree, changed)
    return failed


def _attempt(patch: Patch, tree: Path) -> tuple[dict[str, str], list[str]]:
    """The new texts of the files that a patch names, and what of it does not fit."""
    changed: dict[str, str] = {}
    failed: list[str] = []
    for part in _diff(patch):
        target = tree / part.path
        if part.is_added_file == target.exists():
            failed.append(f"{part.path} is {'already' if target.exists() else 'not'} in the tree")
            continue
        old = "" if part.is_added_file else target.read_bytes().decode(errors="surrogateescape")
        attempt = apply_hunks(part, old)
        for note in attempt.moved:
            log.say(f"   {patch.name}: {part.path}, {note}")
        failed += [f"{part.path}, {note}" for note in attempt.failed]
        changed[part.path] = attempt.text
    return changed, failed


def _write(tree: Path, changed: Mapping[str, str]) -> None:
    for path, text in changed.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(errors="surrogateescape"))


def _diff(patch: Patch) -> PatchSet:
    return _parse(patch.path, _read(patch.path))


def _load(path: Path) -> Patch:
    if not _NAME.fullmatch(path.name):
        raise BadPatch(path, "its name is not like 0001-what-it-does.patch")
    text = _read(path)
    start = _DIFF_START.search(text)
    if not start:
        raise BadPatch(path, "there is no unified diff in it")
    header = _header(path, text[: start.start()])
    _parse(path, text)
    return Patch(
        name=path.name,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        applies_to=_specifier(path, header["Applies-to"]),
        why=header["Why"],
        upstream=header["Upstream"],
        drop_when=header["Drop-when"],
        path=path,
    )


def _read(path: Path) -> str:
    """The text of a patch, line ends as they are."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BadPatch(path, error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise BadPatch(path, "it is not text") from None


def _header(path: Path, text: str) -> dict[str, str]:
    """The fields above the diff; each must be there, once."""
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        if name in fields:
            raise BadPatch(path, f"its header has two lines {name}:")
        fields[name] = " ".join(value.split())
    for name in _FIELDS:
        if not fields.get(name):
            raise BadPatch(path, f"its header does not say {name}:")
    return fields


def _specifier(path: Path, text: str) -> SpecifierSet:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        raise BadPatch(path, f"Applies-to: {text!r} is not a version specifier like ==22.*") from None


def _parse(path: Path, text: str) -> PatchSet:
    """The diff; only changed and new text files can be in it."""
    try:
        diff = PatchSet(text)
    except (UnidiffParseError, ValueError) as error:
        raise BadPatch(path, f"its diff cannot be read ({error})") from None
    for part in diff:
        _check_file(path, part)
    if len({part.path for part in diff}) < len(diff):
        raise BadPatch(path, "it names a file more than once")
    # The parser passes over lines that no hunk header counts.
    body = text[_first_diff(text) :].split("\n")
    if sum(line[:1] in ("+", "-") for line in body) != diff.added + diff.removed + 2 * len(diff):
        raise BadPatch(path, "its diff has changed lines outside of what its hunks count")
    return diff


def _first_diff(text: str) -> int:
    start = _DIFF_START.search(text)
    return start.start() if start else len(text)


def _check_file(path: Path, part: PatchedFile) -> None:
    target = PurePosixPath(part.path)
    if target.is_absolute() or ".." in target.parts:
        raise BadPatch(path, f"{part.path} is not a path below llvm-project")
    if part.is_binary_file or part.is_rename or part.is_removed_file or not part:
        raise BadPatch(path, f"{part.path} is renamed, removed or not text; only lines can be changed here")
    for number, hunk in enumerate(part, 1):
        if not part.is_added_file and not hunk.source_length:
            raise BadPatch(path, f"{part.path}, hunk {number}: it has no context lines")
