"""A local llvm-project checkout: looked at, copied from, never written to."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import MissingTool, UserError
from mlir_release.git import Repository
from mlir_release.source.layout import missing_landmark, require_parts
from mlir_release.store import content_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class State:
    """What a checkout holds: git's HEAD, if it is git's, and what identifies the content of the parts."""

    commit: str | None
    identity: str


def check(folder: Path, parts: Sequence[str]) -> None:
    """Check that a folder is an llvm-project with all parts.

    Raises:
        UserError: it is not; says what is missing.
    """
    lacking = missing_landmark(folder)
    if lacking:
        what = "has no " + lacking if folder.is_dir() else "is not a folder"
        raise UserError(f"{folder} is not an llvm-project checkout: it {what}; give --llvm-project its root")
    require_parts(folder, parts, str(folder))


def state(folder: Path, parts: Sequence[str]) -> State:
    """Which content the checkout has now.

    A clean git checkout is identified by its commit; anything else by the path,
    size and time of change of each file in the parts.
    """
    commit = _head(folder)
    question = ("status", "--porcelain", "--untracked-files=normal", "--", *parts)
    if commit and not Repository(folder).ask(*question):
        return State(commit=commit, identity=commit)
    why = "has changes of its own" if commit else "is no git checkout that git can read"
    log.say(f"   {folder} {why}: its content is identified by the sizes and times of its files")
    return State(commit=commit, identity=content_key({"files": list(_stamps(folder, parts))}))


def copy(folder: Path, parts: Sequence[str], into: Path) -> None:
    """Copy the parts of a checkout into a new folder; times and links are kept.

    Raises:
        UserError: something cannot be read or written.
    """
    try:
        for part in parts:
            (into / part).parent.mkdir(parents=True, exist_ok=True)
            if (folder / part).is_dir():
                shutil.copytree(folder / part, into / part, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(folder / part, into / part)
    except shutil.Error as error:
        source, _, reason = error.args[0][0]
        raise UserError(f"{source} cannot be copied: {reason}") from None
    except OSError as error:
        raise UserError(f"{error.filename} cannot be copied: {error.strerror}") from None


def _head(folder: Path) -> str | None:
    """The commit that is checked out, if the folder is the root of a git work tree."""
    repository = Repository(folder)
    with suppress(MissingTool):
        # A tree unpacked inside of another repository is not that repository's commit.
        if repository.is_checkout:
            head = repository.attempt("rev-parse", "--verify", "--quiet", "HEAD").output.strip()
            return head if _COMMIT.fullmatch(head) else None
    return None


def _stamps(folder: Path, parts: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Path, size in bytes and time of change in nanoseconds of every file in the parts."""
    for part in parts:
        for path in sorted(_files(folder / part)):
            status = path.lstat()
            yield str(path.relative_to(folder)), status.st_size, status.st_mtime_ns


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    for parent, _, names in os.walk(path):
        yield from (Path(parent) / name for name in names)
