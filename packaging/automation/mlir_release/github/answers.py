"""How GitHub's answers are read, and its refusals worded."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from mlir_release.github.errors import (
    AlreadyThere,
    GitHubError,
    NoAnswer,
    NotFound,
    RateLimited,
    UnknownCommit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_MESSAGE_LENGTH = 200
# What GitHub asks for when a limit comes without a time: "wait for at least one minute"
# (docs.github.com/rest, "Rate limits for the REST API").
_LEAST_WAIT = 60.0
_MOVED = "the repository has another name now; use that"
_ADVICE: dict[int, str] = {
    HTTPStatus.MOVED_PERMANENTLY: _MOVED,
    HTTPStatus.TEMPORARY_REDIRECT: _MOVED,
    HTTPStatus.PERMANENT_REDIRECT: _MOVED,
    HTTPStatus.UNAUTHORIZED: "renew the token in GITHUB_TOKEN or GH_TOKEN",
    HTTPStatus.FORBIDDEN: "the token in GITHUB_TOKEN or GH_TOKEN needs the right to do this",
    HTTPStatus.NOT_FOUND: "see to the repository's name, and whether the token may see it",
    HTTPStatus.GONE: "see whether the repository has this feature switched on",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that came whole: to what (``GET repos/…``), its status, headers, and its body's bytes."""

    to: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def content(self) -> Any:
        """The body's JSON; None where GitHub means to send none.

        Raises:
            NoAnswer: it is no JSON, or only the beginning of some.
        """
        if self.status == HTTPStatus.NO_CONTENT:
            return None
        try:
            return json.loads(self.body)
        except ValueError:
            raise NoAnswer(
                f"GitHub sent broken JSON in answer to {self.to}; try again later", happened=True
            ) from None

    @property
    def following(self) -> str | None:
        """The URL of the list's next page (RFC 8288); None on the last one."""
        links = httpx.Response(self.status, headers={"link": self.headers.get("link", "")}).links
        return links.get("next", {}).get("url")

    def checked(self) -> Answer:
        """The answer itself, if it is a success; else raises the ``GitHubError`` that it means."""
        if self.status < HTTPStatus.MULTIPLE_CHOICES:
            return self
        message = self._message()
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoAnswer(
                f"GitHub has trouble of its own with {self.to} ({self.status} {message}); try again later",
                happened=True,
                wait=_seconds(self.headers.get("retry-after")),
            )
        if self._is_limit(message):
            raise self._rate_limited()
        if message.startswith("No commit found"):
            raise UnknownCommit(f"GitHub does not know the commit of {self.to}; push it first")
        kind = NotFound if self.status == HTTPStatus.NOT_FOUND else GitHubError
        kind = AlreadyThere if self._is_taken() else kind
        advice = _ADVICE.get(self.status, "it will not be taken as it is")
        raise kind(f"GitHub refuses {self.to} ({self.status} {message}); {advice}")

    def _message(self) -> str:
        """GitHub's own words about an error, its details included."""
        try:
            told = json.loads(self.body)
            details = [_detail(it) for it in told.get("errors", ())]
            text = ": ".join([str(told["message"]), *([", ".join(details)] if details else [])])
        except (ValueError, TypeError, KeyError, AttributeError):
            text = httpx.codes.get_reason_phrase(self.status)
        return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH]}…"

    def _is_taken(self) -> bool:
        """Whether something of that name is there already (recorded by npm's @octokit/fixtures)."""
        if self.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            return False
        try:
            return any(it["code"] == "already_exists" for it in json.loads(self.body)["errors"])
        except (ValueError, TypeError, KeyError):
            return False

    def _is_limit(self, message: str) -> bool:
        if self.status != HTTPStatus.FORBIDDEN:
            return self.status == HTTPStatus.TOO_MANY_REQUESTS
        told = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
        return told or "rate limit" in message.lower()

    def _rate_limited(self) -> RateLimited:
        wait = asked_wait(self.headers, dt.datetime.now(dt.UTC))
        back = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=wait)
        return RateLimited(
            f"GitHub's limit of requests is used up; come back after {back:%H:%M:%S} UTC, or use a"
            " token (GITHUB_TOKEN) that has some left",
            wait=wait,
        )


def asked_wait(headers: httpx.Headers, now: dt.datetime) -> float:
    """For how many seconds a rate limit wants nothing to be asked.

    By docs.github.com/rest, "Rate limits for the REST API": ``retry-after``; else, when nothing remains, the
    time in ``x-ratelimit-reset``; else a minute.

    Args:
        headers: the refusal's. Its ``date`` is GitHub's clock, which the time of reset is told by.
        now: our clock, when there is no such date.
    """
    after = _seconds(headers.get("retry-after"))
    if after is not None:
        return after
    reset = _seconds(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") != "0" or reset is None:
        return _LEAST_WAIT
    # A second more, because both clocks are told in whole ones.
    return max(0.0, reset - _date(headers, now).timestamp()) + 1


def understood(read: Callable[[Any], T], content: Any) -> T:
    """What ``read`` makes of an object of GitHub's.

    Raises:
        GitHubError: the object has not got what it should.
    """
    try:
        return read(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GitHubError(
            f"what answers is not GitHub's API as we know it ({type(error).__name__}: {error}); see to"
            " GITHUB_API_URL"
        ) from None


def _detail(error: Any) -> str:
    """One of the errors of a validation: words, or the field and what is wrong with it."""
    if isinstance(error, str):
        return error
    return str(error.get("message") or " ".join(str(error[key]) for key in ("field", "code") if key in error))


def _seconds(text: str | None) -> float | None:
    """A header's count of seconds; None if it is none."""
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def _date(headers: httpx.Headers, now: dt.datetime) -> dt.datetime:
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return now
