"""One request to GitHub's API, and the whole answer to it."""

from __future__ import annotations

import ipaddress
import re
import time
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import httpx

from mlir_release.errors import UserError
from mlir_release.github.answers import Answer
from mlir_release.github.errors import GitHubError, NoAnswer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

API = "https://api.github.com"
_VERSION = "2022-11-28"
# Visible ASCII: what a header can hold, and every kind of token that there is has.
_TOKEN = re.compile(r"[!-~]+")
# Errors of httpx that come before the first byte of a request is sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, kw_only=True)
class Transport:
    """The way to the API at a URL, in the name of a token (None: nobody's).

    ``timeout`` is how many seconds the other side may keep silent, and how many a whole answer may take.

    Raises:
        UserError: the URL or the token cannot be right.
    """

    api: str
    token: str | None = field(repr=False)
    timeout: float

    def __post_init__(self) -> None:
        _check(self.api)
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise UserError("what is in GITHUB_TOKEN or GH_TOKEN is no token; set it again")

    def exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, str | int] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Send a request, its content as JSON, and wait for the whole answer, whatever it says.

        Raises:
            NoAnswer: none came, or not in time.
            GitHubError: it leads to another host, or nowhere.
        """
        try:
            return self._exchange(self._http.build_request(method, url, params=params, json=content))
        except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise GitHubError(f"what GitHub sends leads nowhere ({error}); see to GITHUB_API_URL") from None

    def _exchange(self, request: httpx.Request) -> Answer:
        to = f"{request.method} {request.url.path.lstrip('/')}"
        deadline = time.monotonic() + self.timeout
        # A redirection turns whatever is not GET into GET: a write would end without one, and nobody be told.
        follow = request.method == "GET"
        try:
            response = self._http.send(request, stream=True, follow_redirects=follow)
            try:
                body = b"".join(_until(deadline, response))
            finally:
                response.close()
        except httpx.TooManyRedirects:
            raise
        except httpx.RequestError as error:
            raise NoAnswer(
                f"GitHub does not answer {to} ({str(error) or type(error).__name__}); see to the network, or"
                " try again later",
                happened=not isinstance(error, _NOT_SENT),
            ) from None
        if self.token:
            # GitHub never says a token back. Whatever else answers might, and it would be on the screen.
            body = body.replace(self.token.encode(), b"***")
        return Answer(to=to, status=response.status_code, headers=response.headers, body=body)

    @cached_property
    def _http(self) -> httpx.Client:
        headers = {
            "accept": "application/vnd.github+json",
            "user-agent": "mlir-py-release",
            "x-github-api-version": _VERSION,
        }
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        hooks = {"request": [self._stay]}
        try:
            return httpx.Client(headers=headers, timeout=self.timeout, event_hooks=hooks, verify=_tls())
        except (ValueError, ImportError) as error:
            raise UserError(f"the proxy that is set cannot be used ({error}); see to HTTPS_PROXY") from None

    def _stay(self, request: httpx.Request) -> None:
        """Refuse to follow a link or a redirection to another host, with the token or without."""
        home, there = httpx.URL(self.api), request.url
        if (home.scheme, home.host, home.port) != (there.scheme, there.host, there.port):
            raise GitHubError(f"GitHub's answer leads to another host, {there.host}; see to GITHUB_API_URL")


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of authorities that are trusted."""
    return httpx.create_ssl_context()


def _until(deadline: float, response: httpx.Response) -> Iterator[bytes]:
    """The parts of a body, as long as they come in time: httpx limits only the pauses between them."""
    for part in response.iter_bytes():
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer takes too long", request=response.request)
        yield part


def _check(api: str) -> None:
    """Check that a token may be sent to the API's URL."""
    try:
        url = httpx.URL(api)
    except httpx.InvalidURL:
        raise UserError(f"GITHUB_API_URL is no URL: {api!r}; unset it to mean {API}") from None
    safe = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))
    if not safe or not url.host:
        raise UserError(f"GITHUB_API_URL is not https://HOST: {api!r}; unset it to mean {API}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
