"""GitHub's releases of a repository."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release.github.answers import understood
from mlir_release.github.errors import NotFound

if TYPE_CHECKING:
    from mlir_release.github.client import Client


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file of a release: its size in bytes, its digest (``sha256:…``; None for those before June 2025)."""

    number: int
    name: str
    size: int
    digest: str | None


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release; ``number`` is GitHub's own, ``published`` None for a draft."""

    number: int
    tag: str
    draft: bool
    prerelease: bool
    published: dt.datetime | None
    assets: tuple[Asset, ...]


def listed(client: Client) -> tuple[Release, ...]:
    """All releases, newest first; drafts only if the client's token may write to the repository.

    Raises:
        GitHubError: GitHub cannot be asked.
    """
    return tuple(understood(_release, it) for it in client.pages("releases"))


def delete(client: Client, release: Release) -> None:
    """Delete a release with its files; its git tag stays. One that is gone already is as good.

    Raises:
        GitHubError: it is still there.
    """
    path = f"releases/{release.number}"
    try:
        client.delete(path)
    except NotFound as refusal:
        # What a token may not delete is not found either; but it can be seen.
        if _exists(client, path):
            raise refusal from None


def _exists(client: Client, path: str) -> bool:
    try:
        client.get(path)
    except NotFound:
        return False
    return True


def _release(it: dict[str, Any]) -> Release:
    published = it["published_at"]
    return Release(
        number=int(it["id"]),
        tag=str(it["tag_name"]),
        draft=bool(it["draft"]),
        prerelease=bool(it["prerelease"]),
        published=dt.datetime.fromisoformat(published) if published else None,
        assets=tuple(_asset(asset) for asset in it["assets"]),
    )


def _asset(it: dict[str, Any]) -> Asset:
    digest = it.get("digest")
    return Asset(
        number=int(it["id"]),
        name=str(it["name"]),
        size=int(it["size"]),
        digest=None if digest is None else str(digest),
    )
