"""Pages and files from any web server."""

from __future__ import annotations

import hashlib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import httpx
import stamina

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ATTEMPTS = 4
_SECONDS = 60.0
# Thousands of releases are listed in less.
_LARGEST_PAGE = 64 * 2**20
_BAD = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, ValueError)


class Unreachable(UserError):
    """What a URL stands for cannot be had; the message says why."""


@dataclass(frozen=True)
class Web:
    """Asks servers; ``timeout`` is how many seconds one may keep silent."""

    timeout: float = 30.0

    def page(self, url: str) -> bytes:
        """What is at a URL, in whole.

        Raises:
            Unreachable: it cannot be had, or is larger than any page.
        """
        for attempt in _attempts():
            with attempt, self._answer(url) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _LARGEST_PAGE:
                        raise Unreachable(f"{url} has more than {_LARGEST_PAGE} bytes, which is no page")
        return bytes(content)

    def download(self, url: str, path: Path) -> str:
        """Write what is at a URL to a file; return its sha256 (64 hexadecimal digits).

        Raises:
            Unreachable: it cannot be had.
        """
        for attempt in _attempts():
            with attempt, self._answer(url) as answer, path.open("wb") as out:
                digest = hashlib.sha256()
                for part in answer.iter_bytes():
                    digest.update(part)
                    out.write(part)
        return digest.hexdigest()

    @contextmanager
    def _answer(self, url: str) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", url) as answer:
                answer.raise_for_status()
                yield answer
        except _BAD as error:
            again = not isinstance(error, httpx.HTTPStatusError) or error.response.is_server_error
            kind = _Passing if again and isinstance(error, httpx.HTTPError) else Unreachable
            raise kind(f"{url} cannot be had ({_reason(error)})") from None

    @cached_property
    def _http(self) -> httpx.Client:
        headers = {"user-agent": "mlir-py-release"}
        return httpx.Client(headers=headers, timeout=self.timeout, follow_redirects=True)


class _Passing(Unreachable):
    """It may be there the next time."""


def _attempts() -> Iterator[stamina.Attempt]:
    return iter(stamina.retry_context(_Passing, attempts=_ATTEMPTS, timeout=_SECONDS, wait_initial=0.5))


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__
