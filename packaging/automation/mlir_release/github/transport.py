"""One request to GitHub's API, and the whole answer to it; files that go there and come from there."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import httpx

from mlir_release.errors import UserError
from mlir_release.github import hosts
from mlir_release.github.answers import Answer
from mlir_release.github.errors import GitHubError, NoAnswer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_VERSION = "2022-11-28"
# Visible ASCII: what a header can hold, and every kind of token that there is has.
_TOKEN = re.compile(r"[!-~]+")
# Errors of httpx that come before the first byte of a request is sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_PART = 256 * 1024
# A file that has arrived is hashed and stored before the answer comes: so many times longer may that take.
_STORING = 4
_BYTES = "application/octet-stream"
# Bytes per second; what comes more slowly is not waited for.
_SLOWEST = 16 * 1024


@dataclass(frozen=True, kw_only=True)
class Transport:
    """The way to the API at a URL, in the name of a token (None: nobody's).

    ``timeout`` is how many seconds the other side may keep silent, and how many the body of an answer may
    take; that of a file longer, by its size.

    Raises:
        UserError: the URL or the token cannot be right.
    """

    api: str
    token: str | None = field(repr=False)
    timeout: float

    def __post_init__(self) -> None:
        hosts.check(self.api)
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
        with _told(method, url):
            return self._exchange(self._http.build_request(method, url, params=params, json=content))

    def send(self, url: str, params: Mapping[str, str], path: Path, told: Callable[[int], object]) -> Answer:
        """Send a file as it is, and wait for the whole answer, whatever it says.

        Args:
            url: where files are uploaded to.
            params: of the query.
            path: the file.
            told: is called with how many bytes have gone out so far.

        Raises:
            UserError: the file cannot be read, or was changed meanwhile.
            NoAnswer, GitHubError: as ``exchange``.
        """
        size = _size(path)
        headers = {"content-type": _BYTES, "content-length": str(size)}
        with _told("POST", url):
            request = self._http.build_request(
                "POST",
                url,
                params=params,
                headers=headers,
                content=_parts(path, size, told),
                timeout=self.timeout * _STORING,
            )
            return self._exchange(request)

    def receive(self, url: str, take: Callable[[bytes], object]) -> None:
        """Hand the bytes of a file over, part by part, as they come.

        The API may lead to any other host for them, which is asked without the token.

        Raises:
            NoAnswer: not all came.
            GitHubError: there is no such file.
        """
        headers = {"accept": _BYTES, "accept-encoding": "identity"}
        with _told("GET", url):
            request = self._http.build_request("GET", url, headers=headers)
            response = self._http.send(request, stream=True)
            try:
                if not response.is_redirect:
                    self._hand_over(self._ensure_good(response), take)
                    return
            finally:
                response.close()
            target = response.url.join(response.headers["location"])
            with self._stranger.stream("GET", target, headers=headers) as elsewhere:
                self._hand_over(_ensure_there(elsewhere), take)

    def _exchange(self, request: httpx.Request) -> Answer:
        # A redirection turns whatever is not GET into GET: a write would end without one, and nobody be told.
        response = self._http.send(request, stream=True, follow_redirects=request.method == "GET")
        return self._answer(request, response)

    def _answer(self, request: httpx.Request, response: httpx.Response) -> Answer:
        try:
            body = b"".join(_until(time.monotonic() + self.timeout, response))
        finally:
            response.close()
        if self.token:
            # GitHub never says a token back. Whatever else answers might, and it would be on the screen.
            body = body.replace(self.token.encode(), b"***")
        to = _name(request.method, request.url)
        return Answer(to=to, status=response.status_code, headers=response.headers, body=body)

    def _hand_over(self, response: httpx.Response, take: Callable[[bytes], object]) -> None:
        start = time.monotonic()
        for part in response.iter_raw():
            take(part)
            if time.monotonic() - start > self.timeout + response.num_bytes_downloaded / _SLOWEST:
                raise httpx.ReadTimeout("the file comes too slowly", request=response.request)

    def _ensure_good(self, response: httpx.Response) -> httpx.Response:
        if not response.is_success:
            self._answer(response.request, response).checked()
        return response

    @cached_property
    def _http(self) -> httpx.Client:
        headers = {
            "accept": "application/vnd.github+json",
            "user-agent": "mlir-py-release",
            "x-github-api-version": _VERSION,
        }
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return self._client(headers=headers, event_hooks={"request": [self._stay]})

    @cached_property
    def _stranger(self) -> httpx.Client:
        """For hosts that are told nothing of us."""
        headers = {"user-agent": "mlir-py-release"}
        hooks = {"request": [self._ensure_safe]}
        return self._client(headers=headers, event_hooks=hooks, follow_redirects=True)

    def _client(self, **options: Any) -> httpx.Client:
        try:
            return httpx.Client(timeout=self.timeout, verify=_tls(), **options)
        except (ValueError, ImportError) as error:
            raise UserError(f"the proxy that is set cannot be used ({error}); see to HTTPS_PROXY") from None

    def _stay(self, request: httpx.Request) -> None:
        """Refuse to follow a link or a redirection to another host, with the token or without."""
        there = request.url
        uploads = request.method == "POST" and hosts.takes_uploads(self.api, there)
        if not uploads and not hosts.is_home(self.api, there):
            raise GitHubError(f"GitHub's answer leads to another host, {there.host}; see to GITHUB_API_URL")

    def _ensure_safe(self, request: httpx.Request) -> None:
        if not hosts.is_safe(request.url):
            raise GitHubError(
                f"GitHub's answer leads to {request.url.host} without encryption; see to GITHUB_API_URL"
            )


@contextmanager
def _told(method: str, url: str) -> Iterator[None]:
    """What httpx raises, in words of ours; without the query, which may hold a signature."""
    try:
        yield
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise GitHubError(f"what GitHub sends leads nowhere ({error}); see to GITHUB_API_URL") from None
    except httpx.RequestError as error:
        raise NoAnswer(
            f"GitHub does not answer {_name(method, httpx.URL(url))} ({str(error) or type(error).__name__});"
            " see to the network, or try again later",
            happened=not isinstance(error, _NOT_SENT),
        ) from None


@cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates of authorities that are trusted."""
    return httpx.create_ssl_context()


def _name(method: str, url: httpx.URL) -> str:
    return f"{method} {url.path.lstrip('/')}"


def _until(deadline: float, response: httpx.Response) -> Iterator[bytes]:
    """The parts of a body, as long as they come in time: httpx limits only the pauses between them."""
    for part in response.iter_bytes():
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer takes too long", request=response.request)
        yield part


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); see to it") from None


def _parts(path: Path, size: int, told: Callable[[int], object]) -> Iterator[bytes]:
    """A file's bytes: as many as were promised, for httpx takes neither more nor less."""
    sent = 0
    try:
        with path.open("rb") as stream:
            while part := stream.read(_PART):
                sent += len(part)
                if sent > size:
                    break
                yield part
                told(sent)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); see to it") from None
    if sent != size:
        raise UserError(f"{path} was changed while it was uploaded; see what changes it")


def _ensure_there(response: httpx.Response) -> httpx.Response:
    # The URL was signed by GitHub, for minutes: whatever is said, the next one may do.
    if not response.is_success:
        raise NoAnswer(
            f"{response.url.host} does not give a file of GitHub's ({response.status_code}"
            f" {response.reason_phrase}); try again later",
            happened=True,
        )
    return response
