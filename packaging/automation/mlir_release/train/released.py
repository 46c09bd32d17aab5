"""This project's releases as a git repository knows them: tags, their commits, what those pinned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import pin as pins
from mlir_release import tags
from mlir_release.errors import UserError
from mlir_release.git import Remote, Repository, peeled
from mlir_release.tags import Numbered, Snapshot
from mlir_release.train import tagged_tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlir_release.pin import Pin
    from mlir_release.tags import Tag

_TAGS = "refs/tags/"
# Of files that are not as they should be, in a message.
_SHOWN = 5
# In the message of an annotated tag.
_VERSION = re.compile(r"^Version: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A tag: what its ref has (its own object, unless it is a lightweight one), and its commit."""

    tag: Tag
    object: str
    commit: str


def releases(remote: Remote) -> dict[Tag, Release]:
    """All releases that a repository has tags of; a repository's own name for itself is ``.``.

    Raises:
        OutOfReach: it does not answer.
    """
    refs = remote.refs(f"{_TAGS}*")
    found = {}
    for tag in tags.known(ref.removeprefix(_TAGS) for ref in refs):
        ref = f"{_TAGS}{tag}"
        found[tag] = Release(tag=tag, object=refs[ref], commit=peeled(refs, ref) or refs[ref])
    return found


def previous(tag: Tag, others: Iterable[Tag]) -> Tag | None:
    """The release before one: of a snapshot the snapshot before it, of a numbered one that of its LLVM line.

    None for the first of its kind.
    """
    if isinstance(tag, Snapshot):
        return max((it for it in others if isinstance(it, Snapshot) and it < tag), default=None)
    line = _line(tag)
    same = (it for it in others if isinstance(it, Numbered) and _line(it) == line and it < tag)
    return max(same, default=None)


def nearest(repository: Repository, commit: str, known: Iterable[Release]) -> Release | None:
    """The release whose commit is the nearest one in the history of a commit, itself included."""
    by_commit = {release.commit: release for release in known}
    walked = repository.ask("rev-list", "--topo-order", commit).split()
    return next((by_commit[it] for it in walked if it in by_commit), None)


def pin_at(repository: Repository, commit: str) -> Pin:
    """What a commit of this project pins.

    Raises:
        BadPin: it has no pin file, or one that cannot be read.
    """
    text = repository.text(commit, pins.FILE_NAME)
    return pins.parse(text or "", f"{pins.FILE_NAME} of {commit[:9]}")


def version(repository: Repository, release: Release, pin: Pin) -> str:
    """The version of a release's wheels: as its tag says it, or else as it follows from the pin.

    Raises:
        UserError: the tag says that of another release, or neither says it.
    """
    said = _VERSION.search(repository.ask("cat-file", "-p", release.object))
    if said:
        if tags.of_version(said[1]) != release.tag:
            raise UserError(f"the tag {release.tag} says Version: {said[1]}, which is another release's")
        return said[1]
    if isinstance(release.tag, Numbered):
        return release.tag.version()
    if not pin.version:
        raise UserError(f"neither the tag {release.tag} nor its pin says a version; it is no release")
    return release.tag.version(pin.version)


def checked_out(root: Path, tag: Tag, pin: Pin) -> str:
    """The version of a release that is about to be built, in a checkout of exactly its commit.

    Args:
        root: the root of the checkout.
        tag: which release.
        pin: what the checkout pins.

    Raises:
        UserError: the checkout is of something else, or has changes.
    """
    repository = Repository.open(root)
    found = releases(Remote(repository=repository, name=".")).get(tag)
    if not found:
        raise UserError(f"this checkout has no tag {tag}; say git fetch --tags, or name one that is there")
    if repository.ask("rev-parse", "HEAD") != found.commit:
        raise UserError(f"this checkout is not at {tag}; say git checkout {tag}")
    if different := tagged_tree.differences(repository, found.commit):
        more = f" and {len(different) - _SHOWN} more" if different[_SHOWN:] else ""
        raise UserError(
            f"this checkout is not what {tag} has: {'; '.join(different[:_SHOWN])}{more}; put that away, or"
            " take a fresh clone"
        )
    if isinstance(tag, Numbered) and pin.version != tag.llvm_version:
        raise UserError(f"{tag} pins LLVM {pin.version}; it is no release of {tag.llvm_version}")
    return version(repository, found, pin)


def _line(tag: Numbered) -> str:
    return tag.llvm_version.partition(".")[0]
