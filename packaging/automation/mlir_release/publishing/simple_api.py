"""What a package index says that it has: the simple API, as JSON (PEP 691) or as HTML (PEP 503)."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx

from mlir_release.errors import UserError
from mlir_release.publishing.index_trouble import IndexTrouble, asked_wait, attempts, is_passing

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = ("application/vnd.pypi.simple.v1+html", "text/html")
_ACCEPT = f"{_JSON}, {_HTML[0]};q=0.2, {_HTML[1]};q=0.1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[\w.!+-]{1,300}", re.ASCII)
# The page of a project with a hundred thousand files.
_LARGEST = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A file of an index: its name, its sha256 (64 digits) and size in bytes, if the index says them."""

    name: str
    sha256: str | None
    size: int | None


class BadAnswer(UserError):
    """What an index sent is no page of the simple API; the message is part of a sentence."""


def parse_json(text: str) -> tuple[Listed, ...]:
    """The files on a project's page in JSON (PEP 691, and 700 for sizes), in its order.

    Raises:
        BadAnswer: it is no such page.
    """
    try:
        content = json.loads(text)
        version, files = content["meta"]["api-version"], content["files"]
        if version.split(".")[0] != "1":
            raise BadAnswer(f"its API has version {version[:20]}, and 1 is the one that is known here")
        return _once([_of_json(entry) for entry in files])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadAnswer(f"it is no page of a project ({type(error).__name__}: {error})") from None


def parse_html(text: str) -> tuple[Listed, ...]:
    """The files on a project's page in HTML (PEP 503), in its order; raises ``BadAnswer``."""
    reader = _Anchors()
    reader.feed(text)
    reader.close()
    return _once([_of_link(link) for link in reader.links])


@dataclass(frozen=True, kw_only=True)
class Index:
    """The index whose simple API is at a URL, which ends with a slash.

    ``timeout`` is how many seconds it may keep silent, and how many a whole answer may take.
    """

    url: str
    timeout: float = 60.0

    def files(self, project: str) -> dict[str, Listed]:
        """The files of a project by name; none if the index does not know it.

        Raises:
            UserError: it cannot be asked, or does not answer as an index.
        """
        for attempt in attempts():
            with attempt:
                status, kind, text = self._get(f"{project}/")
        if status == HTTPStatus.NOT_FOUND:
            return {}
        try:
            listed = parse_json(text) if kind == _JSON else parse_html(text)
        except BadAnswer as error:
            raise UserError(
                f"what {self.url} sends as {project} cannot be read: {error}; see to the URL"
            ) from None
        return {file.name: file for file in listed}

    def is_there(self) -> bool:
        """Whether something answers here as an index does; raises as ``files``."""
        for attempt in attempts():
            with attempt:
                status, kind, _ = self._get("")
        return status == HTTPStatus.OK and kind in (_JSON, *_HTML)

    def _get(self, path: str) -> tuple[int, str, str]:
        """An answer's status, type of content, and content; only those that say whether a page is there."""
        url = f"{self.url}{path}"
        try:
            with self._http.stream("GET", url) as response:
                body = b"".join(_until(time.monotonic() + self.timeout, response))
        except httpx.RequestError as error:
            reason = str(error) or type(error).__name__
            raise IndexTrouble(
                f"{url} does not answer ({reason}); see to the network, or try again later"
            ) from None
        except httpx.InvalidURL as error:
            raise UserError(f"{url} leads nowhere ({error}); see to the URL") from None
        status, told = response.status_code, f"{response.status_code} {response.reason_phrase}"
        if is_passing(status):
            raise IndexTrouble(f"{url} has trouble ({told}); try again later", asked_wait(response.headers))
        if status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise UserError(f"{url} cannot be read ({told}); see to the URL, and whether anybody may read it")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return status, kind, body.decode("utf-8", "replace")

    @cached_property
    def _http(self) -> httpx.Client:
        # As pip asks: what a cache on the way has is not what is there.
        headers = {"accept": _ACCEPT, "cache-control": "max-age=0", "user-agent": "mlir-py-release"}
        hooks = {"request": [self._stay]}
        return httpx.Client(headers=headers, timeout=self.timeout, event_hooks=hooks, follow_redirects=True)

    def _stay(self, request: httpx.Request) -> None:
        """Refuse another host: what is there says nothing about this index (pypiserver's fallback)."""
        home, there = httpx.URL(self.url), request.url
        if (home.scheme, home.host, home.port) != (there.scheme, there.host, there.port):
            raise UserError(
                f"{self.url} leads on to {there.scheme}://{there.host}; switch that off, or name that index"
            )


class _Anchors(HTMLParser):
    """Collects where the anchors of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def _of_json(entry: Any) -> Listed:
    return Listed(
        name=_name(entry["filename"]), sha256=_sha256(entry["hashes"].get("sha256")), size=_size(entry)
    )


def _of_link(link: str) -> Listed:
    try:
        parts = urlsplit(link)
    except ValueError as error:
        raise BadAnswer(f"it has the link {ascii(link)[:80]} ({error})") from None
    kind, _, digest = parts.fragment.partition("=")
    name = _name(unquote(parts.path).rpartition("/")[2])
    return Listed(name=name, sha256=_sha256(digest) if kind == "sha256" else None, size=None)


def _once(files: list[Listed]) -> tuple[Listed, ...]:
    counts = Counter(file.name for file in files)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise BadAnswer(f"it has {twice[0]} more than once")
    return tuple(files)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BadAnswer(f"{ascii(value)[:80]} is no name of a file")
    return value


def _sha256(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and _SHA256.fullmatch(value)):
        raise BadAnswer(f"{ascii(value)[:80]} is no sha256")
    return value


def _size(entry: Any) -> int | None:
    size = entry.get("size")
    if size is not None and (type(size) is not int or size < 0):
        raise BadAnswer(f"{ascii(size)[:80]} is no size")
    return size


def _until(deadline: float, response: httpx.Response) -> Iterator[bytes]:
    """The parts of a body, as long as they come in time, and are not too many."""
    total = 0
    for part in response.iter_bytes():
        total += len(part)
        if time.monotonic() > deadline or total > _LARGEST:
            raise httpx.ReadTimeout("the answer takes too long", request=response.request)
        yield part
