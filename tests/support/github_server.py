"""A stand-in for GitHub's REST API on loopback; its answers follow GitHub's published OpenAPI description.

with GitHubServer() as server:
    llvm = server.repository("llvm/llvm-project")
    llvm.check(sha, "build", "success")
    server.fail("GET commits/*/status", fails(502), reset())
    client = server.client("llvm/llvm-project")
"""

from __future__ import annotations

import fnmatch
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import github_graphql
from github_http import LocalServer, Server
from github_messages import Answer, Exchange, Fault, Request, error, not_found
from github_releases import BYTES, begin_upload
from github_repository import Repository
from mlir_release.github.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

TOKEN = "token-of-the-tests"
_FILES = "blobs/"
_PATH = re.compile(r"/(?:repos/(?P<name>[^/]+/[^/]+)|repositories/(?P<number>\d+))(?:/(?P<below>.*))?")


class GitHubServer:
    """GitHub with the repositories that a test gives it.

    ``exchanges`` is all that was asked and answered so far, in order. A request without a token, or with
    ``token``, is answered; what changes something needs it. Files are given out by a second server, which a
    token must not be shown to; what it was asked is in ``downloads``.

    ``hook`` is called at moments of every request, with their names: ``before`` anything is done, when
    ``half`` of its body has come, and ``after`` all is done but the answer is not sent. A ConnectionError
    that it raises ends the connection.
    """

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.repositories: dict[str, Repository] = {}
        self.exchanges: list[Exchange] = []
        self.downloads: list[Exchange] = []
        self.hook: Callable[[str, Request], object] = lambda *_: None
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.RLock()
        self._servers = (Server(self), Server(self))
        self.url, self.files_url = (it.url for it in self._servers)

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @contextmanager
    def at(self, path: Path) -> Iterator[None]:
        """Listen at a socket of Unix as well."""
        with LocalServer(self, path) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield
            server.shutdown()

    def repository(self, name: str) -> Repository:
        """A repository, made when it is asked for first."""
        if name not in self.repositories:
            self.repositories[name] = Repository(name, len(self.repositories) + 1, self.url, self.files_url)
        return self.repositories[name]

    def client(self, repository: str, *, token: str | None = TOKEN, timeout: float = 30.0) -> Client:
        return Client(api=self.url, token=token, repository=repository, timeout=timeout)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a program here."""
        return {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": self.token}

    @property
    def requests(self) -> list[str]:
        """What was asked so far, as ``METHOD path-below-the-repository``."""
        return [f"{it.request.method} {it.request.below}" for it in self.exchanges]

    @property
    def writes(self) -> list[str]:
        """Those of the requests that were to change something."""
        return [it for it in self.requests if not it.startswith("GET ")]

    def fail(self, pattern: str, *faults: Fault) -> None:
        """Let the next requests that match ``METHOD path-below-the-repository`` go wrong, one after another.

        The pattern is a shell's: ``GET commits/*/status``, ``POST issues``, ``*``.
        """
        with self._lock:
            self._faults += [(pattern, fault) for fault in faults]

    def recover(self) -> None:
        """Let nothing more go wrong."""
        with self._lock:
            self._faults.clear()

    def tell(self, moment: str, request: Request) -> None:
        """Call the hook."""
        self.hook(moment, request)

    def next_fault(self, request: Request) -> Fault | None:
        """What is to go wrong with a request."""
        asked = f"{request.method} {request.below}"
        with self._lock:
            for index, (pattern, fault) in enumerate(self._faults):
                if fnmatch.fnmatchcase(asked, pattern):
                    del self._faults[index]
                    return fault
        return None

    def begin(self, request: Request, repository: Repository | None) -> int | None:
        """What there is of an upload before its body; the number of the asset."""
        with self._lock:
            return begin_upload(repository, request) if repository else None

    def exchange(self, request: Request, repository: Repository | None, fault: Fault | None) -> Answer:
        """What is answered to a request, faults included."""
        with self._lock:
            answer = Answer(status=0) if fault and not fault.after else self._right(request, repository)
            answer = fault.change(answer) if fault else answer
            answer = replace(answer, headers=_headers() | answer.headers)
            told = self.downloads if request.below.startswith(_FILES) else self.exchanges
            told.append(Exchange(request=request, answer=answer, fault=fault is not None))
        return answer

    def find(self, path: str) -> tuple[Repository | None, str]:
        """The repository that a URL's path is about, and what follows."""
        found = _PATH.fullmatch(path)
        if not found:
            return None, path.removeprefix("/")
        named = [
            it
            for it in self.repositories.values()
            if it.name == found["name"] or str(it.number) == found["number"]
        ]
        return (named[0] if named else None), found["below"] or ""

    def _right(self, request: Request, repository: Repository | None) -> Answer:
        sent = request.headers.get("authorization")
        if request.below.startswith(_FILES):
            return self._file(request) if sent is None else Answer(status=HTTPStatus.BAD_REQUEST)
        if sent is not None and not request.trusted:
            return error(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        if request.method != "GET" and not request.trusted:
            return error(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        if request.path == "/graphql":
            return github_graphql.answer(self.repositories, request)
        return repository.answer(request) if repository else not_found()

    def _file(self, request: Request) -> Answer:
        number = int(request.below.removeprefix(_FILES))
        found = [it.contents[number] for it in self.repositories.values() if number in it.contents]
        if not found:
            return Answer(status=HTTPStatus.NOT_FOUND)
        return Answer(status=HTTPStatus.OK, headers={"content-type": BYTES}, body=found[0])


def _headers() -> dict[str, str]:
    left = {"limit": "5000", "remaining": "4999", "used": "1", "resource": "core"}
    limits = {f"x-ratelimit-{name}": value for name, value in left.items()}
    soon = str(int(time.time()) + 3600)
    return {"content-type": "application/json; charset=utf-8", **limits, "x-ratelimit-reset": soon}
