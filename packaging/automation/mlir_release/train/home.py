"""Which repository of GitHub's the releases of this project are in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.git import Remote, Repository
from mlir_release.github import slug

if TYPE_CHECKING:
    from pathlib import Path

_VARIABLE = "GITHUB_REPOSITORY"


def find_home(root: Path) -> str:
    """OWNER/NAME, as GitHub's jobs say it in GITHUB_REPOSITORY, else as the checkout's ``origin`` does.

    Args:
        root: the root of the checkout; it need not be one where the variable is set.

    Raises:
        UserError: neither says it.
    """
    said = os.environ.get(_VARIABLE)
    found = said or _slug(Remote(repository=Repository.open(root), name="origin"))
    if not found:
        raise UserError(f"origin of {root} is not on GitHub; set {_VARIABLE} to OWNER/NAME of the releases")
    return found


def home_of(remote: Remote) -> str | None:
    """OWNER/NAME of a remote that is to be changed; None if neither its URL nor GITHUB_REPOSITORY says it.

    Raises:
        UserError: they say two.
    """
    said, found = os.environ.get(_VARIABLE), _slug(remote)
    if said and found and said.lower() != found.lower():
        raise UserError(f"{_VARIABLE} is {said}, but {remote.name} is {found}; unset it, or name that remote")
    return found or said


def _slug(remote: Remote) -> str | None:
    return slug(remote.repository.attempt("ls-remote", "--get-url", remote.name).output.strip())
