"""A client for GitHub's REST API: pages, rate limits, and what is tried again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mlir_release import retries
from mlir_release.errors import UserError
from mlir_release.github.errors import GitHubError, Incomplete, NoAnswer, NotFound, RateLimited
from mlir_release.github.hosts import API
from mlir_release.github.slug import is_name
from mlir_release.github.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlir_release.github.answers import Answer

T = TypeVar("T")

_ATTEMPTS = 5
# Seconds that are spent on one request, and that a rate limit may ask us to wait.
_PATIENCE = 600.0
# The largest page that GitHub gives.
_PAGE = 100


class Sink(Protocol):
    """What takes the bytes of a file, as they come in one attempt to get it."""

    def take(self, part: bytes) -> None:
        """The next bytes; raises ``NoAnswer`` when they cannot be the file's."""

    def end(self) -> None:
        """There are no more; raises ``NoAnswer`` when it is not the file."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """One repository (OWNER/NAME), by the API at a URL, in the name of a token (None: nobody's).

    Paths are below the repository (``commits/SHA/status``). ``timeout`` is how many seconds GitHub may keep
    silent, and how many a whole answer may take.

    What is tried again, up to ten minutes long: a request that GitHub's rate limits turned down, one that was
    never sent, and one without a whole answer, if it cannot do harm twice, which is any but POST.

    Raises:
        UserError: the URL, the token or the repository's name cannot be right.
    """

    api: str
    token: str | None = field(repr=False)
    repository: str
    timeout: float = 30.0

    @classmethod
    def for_repository(cls, repository: str) -> Client:
        """By GitHub's own variables, GITHUB_API_URL, and GITHUB_TOKEN or GH_TOKEN; raises as the class."""
        token = os.environ.get("GITHUB_TOKEN", "").strip() or os.environ.get("GH_TOKEN", "").strip()
        return cls(api=os.environ.get("GITHUB_API_URL") or API, token=token or None, repository=repository)

    def __post_init__(self) -> None:
        _ = self._transport  # It checks what it is made from.
        if not is_name(self.repository):
            raise UserError(f"{self.repository!r} is no repository of GitHub's; say OWNER/NAME")

    def get(self, path: str, **params: str | int) -> Any:
        """The JSON of a path; the repository's own with an empty one.

        Raises:
            GitHubError: it cannot be had.
        """
        return self._ask("GET", self._url(path), params=params or None).content

    def pages(self, path: str, key: str | None = None, **params: str | int) -> Iterator[dict[str, Any]]:
        """The items of a list, each once, fetched page by page as they are needed.

        Args:
            path: the list's.
            key: under which a page has its items, with ``total_count`` beside it; None when a page is a list.
            params: of the query.

        Raises:
            Incomplete: there are fewer than GitHub says that there are.
            GitHubError: it cannot be had.
        """
        seen: set[int] = set()
        total = 0
        for answer in self._answers(self._url(path), {"per_page": _PAGE, **params}):
            items, total = _items(answer, key)
            # An item that is new while we read moves the others on to the next page.
            fresh = {it["id"]: it for it in items if it["id"] not in seen}
            seen |= fresh.keys()
            yield from fresh.values()
        if len(seen) < total:
            raise Incomplete(f"GitHub sent {len(seen)} of the {total} items of {path}; try again later")

    def post(self, path: str, content: Mapping[str, Any]) -> Any:
        """Make something, and return what was made.

        Raises:
            NoAnswer: it may have been made all the same, if the error says so (``happened``).
            GitHubError: it was not made.
        """
        return self._ask("POST", self._url(path), content=content).content

    def patch(self, path: str, content: Mapping[str, Any]) -> Any:
        """Change something to what the content says; raises as ``post`` does."""
        return self._ask("PATCH", self._url(path), content=content).content

    def delete(self, path: str) -> None:
        """Delete something; what is gone already is as good.

        Raises:
            GitHubError: it is still there.
        """
        try:
            self._ask("DELETE", self._url(path))
        except NotFound as refusal:
            # What a token may not delete is not found either; but it can be seen.
            if self._exists(path):
                raise refusal from None

    def upload(self, url: str, path: Path, *, name: str, told: Callable[[int], object]) -> Any:
        """Send a file, and return the JSON of what was made of it.

        Args:
            url: where to, without a query; it must be on a host that takes files.
            path: the file.
            name: what it is to be called there.
            told: is called with how many bytes have gone out in this attempt.

        Raises:
            UserError: the file cannot be read.
            NoAnswer, GitHubError: as ``post``.
        """
        return self._again(
            "POST", lambda: _whole(self._transport.send(url, {"name": name}, path, told))
        ).content

    def download(self, path: str, begin: Callable[[], Sink]) -> None:
        """Hand over the bytes of a file, wherever GitHub has them.

        Args:
            path: the file's.
            begin: gives at each attempt what takes them.

        Raises:
            GitHubError: it cannot be had.
        """

        def receive() -> None:
            sink = begin()
            self._transport.receive(self._url(path), sink.take)
            sink.end()

        self._again("GET", receive)

    def _exists(self, path: str) -> bool:
        """Whether there is something at a path that the token may see."""
        try:
            self.get(path)
        except NotFound:
            return False
        return True

    def _answers(self, url: str, params: Mapping[str, str | int]) -> Iterator[Answer]:
        """The pages of a list."""
        visited = {url}
        answer = self._ask("GET", url, params=params)
        yield answer
        while following := answer.following:
            if following in visited:
                raise GitHubError(f"the pages of {url} go round in a circle; try again later")
            visited.add(following)
            answer = self._ask("GET", following)
            yield answer

    def _url(self, path: str) -> str:
        return f"{self.api.rstrip('/')}/repos/{self.repository}/{path}".rstrip("/")

    @cached_property
    def _transport(self) -> Transport:
        return Transport(api=self.api, token=self.token, timeout=self.timeout)

    def _ask(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> Answer:
        return self._again(
            method, lambda: _whole(self._transport.exchange(method, url, params=params, content=content))
        )

    def _again(self, method: str, work: Callable[[], T]) -> T:
        """Do it until there is an answer, or no hope for one."""
        for attempt in retries.attempts(_worth(method), most=_ATTEMPTS, seconds=_PATIENCE):
            with attempt:
                found = work()
        return found


def _whole(answer: Answer) -> Answer:
    """An answer that is a success; broken JSON is no answer, which is seen here, where it is tried again."""
    checked = answer.checked()
    _ = checked.content
    return checked


def _worth(method: str) -> Callable[[Exception], bool | float]:
    """Which errors are worth another attempt, and when GitHub wants it."""

    def hook(error: Exception) -> bool | float:
        match error:
            case NoAnswer(happened=True) if method == "POST":
                return False
            case NoAnswer(wait=None):
                return True
            case RateLimited(wait=float(wait)) | NoAnswer(wait=float(wait)):
                return wait if wait <= _PATIENCE else False
        return False

    return hook


def _items(answer: Answer, key: str | None) -> tuple[list[dict[str, Any]], int]:
    """The items of a page, and how many the whole list has (0 where that is not said)."""
    content = answer.content
    whole = content if isinstance(content, dict) else {}
    items, total = (whole.get(key) if key else content), whole.get("total_count", 0)
    if isinstance(items, list) and isinstance(total, int) and all(map(_is_item, items)):
        return items, total
    raise GitHubError(f"what answers {answer.to} is no list of GitHub's; see to GITHUB_API_URL")


def _is_item(it: Any) -> bool:
    return isinstance(it, dict) and isinstance(it.get("id"), int)
