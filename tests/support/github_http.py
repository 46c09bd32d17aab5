"""How requests come to the stand-in for GitHub, and answers leave it: HTTP over TCP or a socket of Unix."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from github_messages import Request
from github_releases import UPLOAD

if TYPE_CHECKING:
    from pathlib import Path

    from github_messages import Answer, Fault
    from github_repository import Repository
    from github_server import GitHubServer


class Server(ThreadingHTTPServer):
    """A port of loopback."""

    daemon_threads = True
    block_on_close = False
    # Many clients may knock at once.
    request_queue_size = 128

    def __init__(self, github: GitHubServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.github = github

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes; the second one would wait for an acknowledgement of the first.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        pass

    def do_GET(self) -> None:
        try:
            self._send(self._answer())
        except ConnectionError:
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    @property
    def _github(self) -> GitHubServer:
        github: GitHubServer = self.server.github  # type: ignore[attr-defined]  # of whichever server
        return github

    def _answer(self) -> Answer:
        request, repository = self._request()
        fault = self._github.next_fault(request)
        self._github.tell("before", request)
        if fault is None or fault.after or fault.begun:
            request = replace(request, begun=self._github.begin(request, repository))
        request = self._with_body(request, fault)
        answer = self._github.exchange(request, repository, fault)
        self._github.tell("after", request)
        return answer

    def _request(self) -> tuple[Request, Repository | None]:
        """What is asked, as far as the headers say it."""
        url = urlsplit(self.path)
        path = unquote(url.path).removeprefix("/api/uploads")
        repository, below = self._github.find(path)
        sent = self.headers.get("authorization")
        request = Request(
            method=self.command,
            path=(f"/repos/{repository.name}/{below}" if repository else path).rstrip("/"),
            below=below,
            query=dict(parse_qsl(url.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=None,
            trusted=sent in (f"Bearer {self._github.token}", f"token {self._github.token}"),
        )
        return request, repository

    def _with_body(self, request: Request, fault: Fault | None) -> Request:
        """The request with its body, unless that breaks off."""
        length = int(self.headers.get("content-length", 0))
        first = self._read(length // 2)
        self._github.tell("half", request)
        if fault and fault.half:
            return request
        content = first + self._read(length - len(first))
        if re.fullmatch(UPLOAD, request.below):
            return replace(request, content=content)
        return replace(request, body=json.loads(content) if content else None)

    def _read(self, length: int) -> bytes:
        content = self.rfile.read(length)
        if len(content) < length:
            raise ConnectionAbortedError("whoever asked is gone")
        return content

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


class _LocalHandler(_Handler):
    # There is no TCP.
    disable_nagle_algorithm = False


class LocalServer(ThreadingMixIn, UnixStreamServer):
    """A socket of Unix at a path, as ``gh`` asks when its ``http_unix_socket`` says so."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, github: GitHubServer, path: Path) -> None:
        super().__init__(str(path), _LocalHandler)
        self.github = github
