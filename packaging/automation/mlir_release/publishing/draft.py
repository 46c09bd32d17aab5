"""The releases of a tag that GitHub has: the public one, and drafts, of which the oldest one is filled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, tags
from mlir_release.github import releases
from mlir_release.tags import Numbered

if TYPE_CHECKING:
    from mlir_release.github import Client
    from mlir_release.github.releases import Release
    from mlir_release.tags import Tag


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What GitHub has of a tag: the public release, if there is one, and drafts, the oldest first.

    ``newer`` is whether there is a public release of a higher number.
    """

    public: Release | None
    drafts: tuple[Release, ...]
    newer: bool


def find(client: Client, tag: str) -> Standing:
    """What GitHub has of a tag now; raises ``GitHubError``."""
    known = releases.listed(client)
    of_tag = sorted((it for it in known if it.tag == tag), key=lambda it: it.number)
    public = [tags.parse(it.tag) for it in known if not it.draft and tags.known([it.tag])]
    return Standing(
        public=next((it for it in of_tag if not it.draft), None),
        drafts=tuple(it for it in of_tag if it.draft),
        newer=any(_is_newer(it, tags.parse(tag)) for it in public),
    )


def obtain(client: Client, standing: Standing, tag: str, *, commit: str, body: str) -> Release:
    """The draft of a tag that is to be filled, made if there is none.

    Whoever makes one at the same time as somebody else finds both, and removes the younger one, if that is
    its own; it is empty then. Others are said, and left alone.

    Args:
        client: of the repository.
        standing: what was found there.
        tag: the tag.
        commit: what the tag is on, 40 digits.
        body: the text of a new one, Markdown.

    Raises:
        GitHubError: there is none, and none can be made.
    """
    return _oldest(standing) or _create(client, tag, commit, body)


def _create(client: Client, tag: str, commit: str, body: str) -> Release:
    made = releases.create_draft(
        client, tag, commit=commit, body=body, look=lambda: _oldest(find(client, tag))
    )
    # A list that is a moment old may not have it.
    first = min((made, *find(client, tag).drafts), key=lambda it: it.number)
    if first.number == made.number:
        log.say(f"   a draft is made: {made.url}")
        return made
    log.say(f"   somebody else publishes {tag} too, and has made a draft before ours: {first.url}")
    releases.delete(client, made)
    return first


def _oldest(standing: Standing) -> Release | None:
    for other in standing.drafts[1:]:
        log.say(f"   there is another draft of {other.tag}, which is left alone: {other.url}")
    return standing.drafts[0] if standing.drafts else None


def _is_newer(one: Tag, other: Tag) -> bool:
    return isinstance(one, Numbered) and isinstance(other, Numbered) and other < one
