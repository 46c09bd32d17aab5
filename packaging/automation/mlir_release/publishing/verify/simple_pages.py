"""What the pages of a package index say (PEP 503, with PEP 592, 658 and 714; PEP 691)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping


class BadPage(UserError):
    """A page does not say what an index says."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A file as an index offers it.

    ``url`` is absolute and without its fragment; ``sha256`` that of the file, ``metadata_sha256`` that of the
    metadata beside it, None where it does not say one; ``requires_python`` is None for any, ``yanked`` None
    where it is not.
    """

    name: str
    url: str
    sha256: str | None
    metadata_sha256: str | None
    requires_python: str | None
    yanked: str | None


def anchors(page: bytes, base: str) -> list[tuple[str, str, Mapping[str, str]]]:
    """The links of a page in HTML: their texts, their absolute URLs, their attributes.

    Args:
        page: the page.
        base: its URL.

    Raises:
        BadPage: it holds a link that leads nowhere.
    """
    reader = _Reader()
    reader.feed(page.decode("utf-8", "replace"))
    reader.close()
    return [
        (text.strip(), _absolute(base, attributes["href"]), attributes) for text, attributes in reader.found
    ]


def of_html(page: bytes, base: str) -> list[Link]:
    """The files that a project's page offers; raises ``BadPage``."""
    return [_link(text, url, attributes) for text, url, attributes in anchors(page, base)]


def of_json(page: bytes, base: str) -> list[Link]:
    """The files that a project's page in JSON offers; raises ``BadPage``."""
    try:
        return [_described(it, base) for it in json.loads(page)["files"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadPage(f"it is not what PEP 691 describes ({type(error).__name__}: {error})") from None


def _described(it: dict[str, Any], base: str) -> Link:
    metadata = it.get("core-metadata", it.get("dist-info-metadata", False))
    yanked = it.get("yanked", False)
    return Link(
        name=_text(it["filename"]),
        url=_absolute(base, _text(it["url"])),
        sha256=it["hashes"].get("sha256"),
        metadata_sha256=metadata.get("sha256") if isinstance(metadata, dict) else None,
        requires_python=it.get("requires-python"),
        yanked=None if yanked is False else "" if yanked is True else yanked,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    return value


def _link(text: str, url: str, attributes: Mapping[str, str]) -> Link:
    whole, fragment = urldefrag(url)
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata", ""))
    return Link(
        name=text or unquote(urlsplit(whole).path.rpartition("/")[2]),
        url=whole,
        sha256=_sha256(fragment),
        metadata_sha256=_sha256(metadata),
        requires_python=attributes.get("data-requires-python"),
        yanked=attributes.get("data-yanked"),
    )


def _sha256(text: str) -> str | None:
    kind, _, digest = text.partition("=")
    return digest if kind == "sha256" else None


def _absolute(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:  # brackets that close nowhere
        raise BadPage(f"it has a link that leads nowhere: {href!r}") from None


class _Reader(HTMLParser):
    """Collects the anchors with their texts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.found.append(("", attributes))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._inside:
            text, attributes = self.found[-1]
            self.found[-1] = (text + data, attributes)
