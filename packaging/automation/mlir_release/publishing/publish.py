"""``nox -s publish``: a release set to GitHub's Releases or to a package index."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.github import Client
from mlir_release.options import Parser, folder
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing import to_github, to_pypi
from mlir_release.train.home import find_home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Goal(StrEnum):
    """Where a release can go."""

    GITHUB = "github"
    PYPI = "pypi"
    TESTPYPI = "testpypi"


_UPLOADS = {Goal.PYPI: to_pypi.PYPI, Goal.TESTPYPI: to_pypi.TESTPYPI}


def run(arguments: Sequence[str], root: Path) -> None:
    """The session: publish a release set, as far as that is not done yet.

    Args:
        arguments: the words after ``--``.
        root: the project's folder; the set is the one below ``release-set``, if none is named.

    Raises:
        UserError: it cannot be done, or not to the end.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--to", type=Goal, choices=tuple(Goal), required=True, metavar="github|pypi|testpypi")
    parser.add_argument("--repository-url", metavar="URL")
    parser.add_argument("--new", type=lambda text: text.split(","), default=[], metavar="NAME,NAME")
    parser.add_argument("--set", type=folder, metavar="DIR")
    options = parser.parse_args(arguments)
    if options.repository_url and options.to is not Goal.PYPI:
        raise UserError("--repository-url is of another package index: say --to pypi with it")
    if options.new and options.to is Goal.GITHUB:
        raise UserError("--new is of projects of a package index; GitHub has none")
    place = options.set or _only_set(root / "release-set")
    manifest = manifests.read(place / manifests.NAME)
    if options.to is Goal.GITHUB:
        to_github.publish(place, manifest, Client.for_repository(find_home(root)))
    else:
        url = options.repository_url or _UPLOADS[options.to]
        to_pypi.publish(place, manifest, url=url, new=options.new)


def _only_set(parent: Path) -> Path:
    """The one release set of a folder.

    Raises:
        UserError: there are none, or several.
    """
    found = sorted(path.parent for path in parent.glob(f"[!.]*/{manifests.NAME}"))
    if len(found) == 1:
        return found[0]
    there = f"there are {', '.join(path.name for path in found)}" if found else "there is none"
    raise UserError(f"which release set is meant? In {parent} {there}; name one with --set DIR")
