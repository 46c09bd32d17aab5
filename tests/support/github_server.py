"""A stand-in for GitHub's REST API on loopback; its answers follow GitHub's published OpenAPI description.

with GitHubServer() as server:
    llvm = server.repository("llvm/llvm-project")
    llvm.check(sha, "build", "success")
    server.fail("GET commits/*/status", fails(502), reset())
    client = server.client("llvm/llvm-project")
"""

from __future__ import annotations

import fnmatch
import json
import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from github_messages import Answer, Exchange, Fault, Request, error, not_found
from github_repository import Repository
from mlir_release.github.client import Client

if TYPE_CHECKING:
    from types import TracebackType

TOKEN = "token-of-the-tests"
_PATH = re.compile(r"/(?:repos/(?P<name>[^/]+/[^/]+)|repositories/(?P<number>\d+))(?:/(?P<below>.*))?")


class GitHubServer:
    """GitHub with the repositories that a test gives it.

    ``exchanges`` is all that was asked and answered so far, in order. A request without a token, or with
    ``token``, is answered; what changes something needs it.
    """

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.repositories: dict[str, Repository] = {}
        self.exchanges: list[Exchange] = []
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.RLock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def repository(self, name: str) -> Repository:
        """A repository, made when it is asked for first."""
        if name not in self.repositories:
            self.repositories[name] = Repository(name, len(self.repositories) + 1, self.url)
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

    def fail(self, pattern: str, *faults: Fault) -> None:
        """Let the next requests that match ``METHOD path-below-the-repository`` go wrong, one after another.

        The pattern is a shell's: ``GET commits/*/status``, ``POST issues``, ``*``.
        """
        with self._lock:
            self._faults += [(pattern, fault) for fault in faults]

    def exchange(self, request: Request, repository: Repository | None) -> Answer:
        """What is answered to a request, faults included."""
        with self._lock:
            fault = self._next_fault(f"{request.method} {request.below}")
            answer = Answer(status=0) if fault and not fault.after else self._right(request, repository)
            answer = fault.change(answer) if fault else answer
            answer = replace(answer, headers=_headers() | answer.headers)
            self.exchanges.append(Exchange(request=request, answer=answer, fault=fault is not None))
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

    def _next_fault(self, asked: str) -> Fault | None:
        for index, (pattern, fault) in enumerate(self._faults):
            if fnmatch.fnmatchcase(asked, pattern):
                del self._faults[index]
                return fault
        return None

    def _right(self, request: Request, repository: Repository | None) -> Answer:
        sent = request.headers.get("authorization")
        if sent is not None and not request.trusted:
            return error(HTTPStatus.UNAUTHORIZED, "Bad credentials")
        if request.method != "GET" and not request.trusted:
            return error(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        return repository.answer(request) if repository else not_found()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # Many clients may knock at once.
    request_queue_size = 128

    def __init__(self, github: GitHubServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.github = github


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Headers and body are two writes; the second one would wait for an acknowledgement of the first.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        pass

    def do_GET(self) -> None:
        github = self.server.github
        url = urlsplit(self.path)
        path = unquote(url.path)
        repository, below = github.find(path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = Request(
            method=self.command,
            path=(f"/repos/{repository.name}/{below}" if repository else path).rstrip("/"),
            below=below,
            query=dict(parse_qsl(url.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(body) if body else None,
            trusted=self.headers.get("authorization") == f"Bearer {github.token}",
        )
        with suppress(ConnectionError):
            self._send(github.exchange(request, repository))

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        time.sleep(answer.wait)
        if answer.together:
            answer.together.wait(timeout=30)
        if answer.reset:
            self._reset()
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        if answer.drip:
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                time.sleep(answer.drip)
        else:
            self.wfile.write(answer.body[: answer.sent])
        self.close_connection = self.close_connection or answer.sent is not None

    def _reset(self) -> None:
        # Closing a socket that does not linger sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _headers() -> dict[str, str]:
    left = {"limit": "5000", "remaining": "4999", "used": "1", "resource": "core"}
    limits = {f"x-ratelimit-{name}": value for name, value in left.items()}
    soon = str(int(time.time()) + 3600)
    return {"content-type": "application/json; charset=utf-8", **limits, "x-ratelimit-reset": soon}
