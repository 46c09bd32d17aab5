"""GitHub's releases of a repository; what is done with their files is in ``assets``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release.github.answers import understood
from mlir_release.github.assets import Asset, download, read_asset
from mlir_release.github.once import until_known

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlir_release.github.client import Client

__all__ = [
    "Asset",
    "Release",
    "create_draft",
    "delete",
    "download",
    "get",
    "listed",
    "make_public",
]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release.

    ``number`` is GitHub's own, and grows; ``url`` its page for people, ``upload_url`` where files of it are
    sent to; ``published`` is None for a draft.
    """

    number: int
    tag: str
    url: str
    upload_url: str
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


def create_draft(
    client: Client, tag: str, *, commit: str, body: str, look: Callable[[], Release | None]
) -> Release:
    """A new release that is not public; there may be others of that tag.

    Args:
        client: of the repository.
        tag: the git tag that it is to be of, also its title.
        commit: what that tag is on; GitHub makes the tag there, if it is gone when the release goes public.
        body: its text, Markdown.
        look: is asked when an answer was lost: the draft, if there is one; it is made again if not.

    Raises:
        GitHubError: it was not made, or nobody knows.
    """
    content = {"tag_name": tag, "target_commitish": commit, "name": tag, "body": body, "draft": True}
    return until_known(lambda: understood(_release, client.post("releases", content)), look)


def get(client: Client, release: Release) -> Release:
    """The release as it is now; raises ``GitHubError``."""
    return understood(_release, client.get(f"releases/{release.number}"))


def make_public(
    client: Client, draft: Release, *, commit: str, body: str, prerelease: bool, latest: bool
) -> Release:
    """Make a draft public, and return it as it is then.

    Args:
        client: of the repository.
        draft: the release.
        commit: as in ``create_draft``.
        body: its text, Markdown.
        prerelease: whether it is shown as one.
        latest: whether it becomes the release that GitHub shows as the latest one; no prerelease does.

    Raises:
        AlreadyThere: there is another public release of its tag.
        GitHubError: it is not known to be public.
    """
    content = {
        "tag_name": draft.tag,
        "target_commitish": commit,
        "name": draft.tag,
        "body": body,
        "draft": False,
        "prerelease": prerelease,
        "make_latest": "true" if latest and not prerelease else "false",
    }
    return understood(_release, client.patch(f"releases/{draft.number}", content))


def delete(client: Client, release: Release) -> None:
    """Delete a release with its files; its git tag stays. One that is gone already is as good.

    Raises:
        GitHubError: it is still there.
    """
    client.delete(f"releases/{release.number}")


def _release(it: dict[str, Any]) -> Release:
    published = it["published_at"]
    return Release(
        number=int(it["id"]),
        tag=str(it["tag_name"]),
        url=str(it["html_url"]),
        upload_url=str(it["upload_url"]),
        draft=bool(it["draft"]),
        prerelease=bool(it["prerelease"]),
        published=dt.datetime.fromisoformat(published) if published else None,
        assets=tuple(read_asset(asset) for asset in it["assets"]),
    )
