"""What the page is made from."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlir_release import tags
from mlir_release.errors import UserError
from mlir_release.tags import Snapshot

if TYPE_CHECKING:
    from mlir_release.publishing.manifest import Manifest
    from mlir_release.tags import Tag

# Of what URLs may hold (RFC 3986), what no shell takes for anything else than text.
_URL = re.compile(r"https?://[\w.~:/?#@!+,=%\[\]-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release that is public.

    ``published`` is when, with its time zone; ``notes`` the URL of the page with its notes; both are None
    where that is not known. ``files`` is the URL that its files are under, with a slash at the end;
    ``yanked`` says why nobody should take it, None if anybody may.

    Raises:
        UserError: a URL is not one of the web.
    """

    manifest: Manifest
    published: dt.datetime | None
    notes: str | None
    files: str
    yanked: str | None = None

    def __post_init__(self) -> None:
        _ensure_web(self.notes, self.files)

    @cached_property
    def tag(self) -> Tag:
        """The tag that the manifest names."""
        return tags.parse(self.manifest.tag)

    @cached_property
    def when(self) -> dt.datetime | None:
        """When it was published, in UTC."""
        return self.published and self.published.astimezone(dt.UTC)

    @cached_property
    def age(self) -> dt.date:
        """The day by which releases are put in order; if nothing else tells it, a snapshot's name does."""
        if self.when:
            return self.when.date()
        return self.tag.day if isinstance(self.tag, Snapshot) else dt.date.min

    @property
    def date(self) -> str:
        """The day on which it was published, for people."""
        return f"{self.when:%Y-%m-%d}" if self.when else "unknown"

    def file(self, name: str) -> str:
        """The URL of one of its files."""
        return self.files + quote(name)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where all this is: the URL of the index's ``simple/``, and of the project's page.

    Raises:
        UserError: one is not a URL of the web.
    """

    index: str
    project: str

    @classmethod
    def of(cls, repository: str) -> Site:
        """On GitHub Pages of a repository, OWNER/NAME."""
        owner, _, name = repository.partition("/")
        return cls(
            index=f"https://{owner.lower()}.github.io/{name}/simple/",
            project=f"https://github.com/{repository}",
        )

    def __post_init__(self) -> None:
        _ensure_web(self.index, self.project)


def _ensure_web(*urls: str | None) -> None:
    """Refuse other URLs: a link on the page could run a script, and a command could hold another one."""
    for url in urls:
        if url is not None and not _URL.fullmatch(url):
            raise UserError(f"{url!r} is no URL that the page can link to; say https://…")
