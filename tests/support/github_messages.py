"""What goes over the wire between a client and the stand-in for GitHub, and what can go wrong with it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came; ``path`` is the whole one, ``below`` what follows OWNER/NAME.

    ``content`` is a body that is no JSON; ``begun`` the number of the asset that an upload is making.
    """

    method: str
    path: str
    below: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    trusted: bool
    content: bytes = b""
    begun: int | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back.

    ``wait`` seconds pass before it, ``drip`` after each of its body's bytes; ``sent`` is how many bytes of
    the body go out before the connection ends; ``reset`` ends it with nothing sent; ``together`` is where it
    waits for others.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    wait: float = 0.0
    drip: float = 0.0
    sent: int | None = None
    reset: bool = False
    together: threading.Barrier | None = None

    @property
    def content(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what was answered; ``fault`` when that was not what GitHub would have said in peace."""

    request: Request
    answer: Answer
    fault: bool


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that goes wrong; when ``after``, what was asked for is done all the same.

    When ``begun``, an upload's beginning is there; when ``half``, only that much of the body is read.
    """

    change: Callable[[Answer], Answer]
    after: bool
    begun: bool = False
    half: bool = False


def ok(content: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=json.dumps(content).encode())


def error(
    status: int, message: str, *errors: dict[str, str], headers: dict[str, str] | None = None
) -> Answer:
    """An error as GitHub words it."""
    told: dict[str, Any] = {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)}
    return ok(told | ({"errors": list(errors)} if errors else {}), status, headers)


def not_found() -> Answer:
    return error(HTTPStatus.NOT_FOUND, "Not Found")


def instead(answer: Answer) -> Fault:
    """This answer, and nothing is done."""
    return Fault(change=lambda _: answer, after=False)


def fails(status: int, message: str = "Server Error") -> Fault:
    return instead(error(status, message))


def html(status: int = HTTPStatus.BAD_GATEWAY) -> Fault:
    """What a gateway before GitHub says: no JSON."""
    page = b"<html><body>Unicorn!</body></html>"
    return instead(Answer(status=status, headers={"content-type": "text/html"}, body=page))


def primary_limit(seconds: float, status: int = HTTPStatus.FORBIDDEN) -> Fault:
    """No requests are left until so many seconds from now."""

    def limited(_: Answer) -> Answer:
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time() + seconds))}
        return error(status, "API rate limit exceeded for 127.0.0.1.", headers=headers)

    return Fault(change=limited, after=False)


def secondary_limit(retry_after: int | None, status: int = HTTPStatus.FORBIDDEN) -> Fault:
    """Too many requests at a time; GitHub may say when to come back."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return instead(error(status, message, headers=headers))


def reset(*, after: bool = False) -> Fault:
    """The connection is reset, before or after the work is done."""
    return Fault(change=lambda right: replace(right, reset=True), after=after)


def half_way() -> Fault:
    """The connection is reset in the middle of what is sent here."""
    return Fault(change=lambda right: replace(right, reset=True), after=False, begun=True, half=True)


def half_made(status: int = HTTPStatus.BAD_GATEWAY) -> Fault:
    """An upload fails, and leaves its beginning, as GitHub says that it may."""
    return Fault(change=lambda _: error(status, "Server Error"), after=False, begun=True)


def broken_off(*, after: bool = True) -> Fault:
    """The connection ends in the middle of the body."""
    return Fault(change=lambda right: replace(right, sent=len(right.body) // 2), after=after)


def truncated(*, after: bool = True) -> Fault:
    """Half the JSON, and a header that says that this is all."""
    return Fault(change=lambda right: replace(right, body=right.body[: len(right.body) // 2]), after=after)


def slow(seconds: float) -> Fault:
    return Fault(change=lambda right: replace(right, wait=seconds), after=True)


def held(together: threading.Barrier) -> Fault:
    """The answer is made, and goes out when as many are as the barrier is for."""
    return Fault(change=lambda right: replace(right, together=together), after=True)


def dripping(seconds: float) -> Fault:
    """One byte of the body at a time, so many seconds apart."""
    return Fault(change=lambda right: replace(right, drip=seconds), after=True)


def empty_page() -> Fault:
    """No items, and the headers and counts as if there were some."""
    return _listed(lambda items: items[:0])


def half_page() -> Fault:
    """Only the first half of the items."""
    return _listed(lambda items: items[: len(items) // 2])


def next_page(url: str) -> Fault:
    """A link to the next page that leads somewhere else."""

    def linked(right: Answer) -> Answer:
        return replace(right, headers=right.headers | {"link": f'<{url}>; rel="next"'})

    return Fault(change=linked, after=True)


def moved(url: str, status: int = HTTPStatus.MOVED_PERMANENTLY) -> Fault:
    return instead(error(status, "Moved Permanently", headers={"location": url}))


def _listed(choose: Callable[[list[Any]], list[Any]]) -> Fault:
    def changed(right: Answer) -> Answer:
        content = right.content
        if isinstance(content, dict):
            content = {key: choose(it) if isinstance(it, list) else it for key, it in content.items()}
        else:
            content = choose(content)
        return replace(right, body=json.dumps(content).encode())

    return Fault(change=changed, after=True)
