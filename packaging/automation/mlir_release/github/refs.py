"""The git tags of a repository, as GitHub has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlir_release.github.answers import understood
from mlir_release.github.errors import NotFound

if TYPE_CHECKING:
    from mlir_release.github.client import Client


def tagged_commit(client: Client, tag: str) -> str | None:
    """The commit that a tag is on, 40 digits; None if there is no such tag.

    Raises:
        GitHubError: GitHub cannot be asked, or has no such repository.
    """
    try:
        kind, sha = understood(_object, client.get(f"git/ref/tags/{tag}"))
    except NotFound:
        # The same answer for a tag and for a whole repository that is not there; the latter is a mistake.
        client.get("")
        return None
    # An annotated tag is an object of its own, which names the commit.
    while kind == "tag":
        kind, sha = understood(_object, client.get(f"git/tags/{sha}"))
    return sha


def _object(it: dict[str, Any]) -> tuple[str, str]:
    return str(it["object"]["type"]), str(it["object"]["sha"])
