"""PyPI and TestPyPI as far as uploads go, on loopback, with GitHub's OpenID provider beside them.

What is under test believes to speak to the real hosts: its proxy is this server, which ends the encryption
itself, with certificates of an authority that it is told to trust. Behaviour follows PyPI's documentation
("Upload API", "Index API", "Trusted Publishers: Internals").
"""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import json
import ssl
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import trustme
from packaging.utils import parse_wheel_filename

from loopback import Server, Serving

if TYPE_CHECKING:
    from pathlib import Path

# docs: "a short-lived API token … valid for 15 minutes".
LIFETIME = 900.0
# In the form of a token of OpenID's (RFC 7519): header, claims, signature.
IDENTITY = ".".join(
    base64.urlsafe_b64encode(part).rstrip(b"=").decode()
    for part in (b'{"alg":"RS256","typ":"JWT"}', b'{"aud":"pypi","sub":"job"}', b"signature")
)
Answer = tuple[int, str, Any]


class PublicIndex(Serving):
    """An index at its two URLs.

    ``files`` is what it has: the sha256 and size by name. A file shows after ``lag`` more requests for its
    page. Each upload takes ``seconds`` of the index's own clock, by which tokens age. ``faults`` are
    statuses that the next requests for tokens are answered with. Nobody may upload to the projects that are
    ``forbidden``.
    """

    def __init__(self, upload: str, index: str) -> None:
        self.upload, self.index = urlsplit(upload), urlsplit(index)
        self.files: dict[str, tuple[str, int]] = {}
        self.tokens: dict[str, float] = {}
        self.uploads: list[str] = []
        self.seen: list[str] = []
        self.faults: list[int] = []
        self.lag, self.seconds, self.clock = 0, 0.0, 0.0
        self.trusted = True
        self.forbidden: set[str] = set()
        self._hidden: dict[str, int] = {}
        self._authority = trustme.CA()
        self._server: _Server = _Server(("127.0.0.1", 0), _Handler)
        self._server.public = self

    def environment(self, folder: Path) -> dict[str, str]:
        """The variables that lead a program here; a file in the folder says whom to trust."""
        certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(certificate)
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(certificate),
            "SSL_CERT_FILE": str(certificate),
        }

    def job(self) -> dict[str, str]:
        """The variables of a job of GitHub's that has the permission ``id-token: write``."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/oidc?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token-of-the-job",
        }

    def hide(self, name: str, requests: int) -> None:
        """Show a file only after some more requests for its project's page."""
        self._hidden[name] = requests

    def context(self, host: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(made)
        return made

    def answer(self, method: str, host: str, path: str, headers: Any, body: bytes) -> Answer:
        self.seen.append(f"{method} {host}{path}")
        parts = urlsplit(path)
        match method, host, parts.path:
            case "GET", "", "/oidc":
                return self._identity(headers, parse_qs(parts.query).get("audience"))
            case "GET", self.upload.hostname, "/_/oidc/audience":
                return HTTPStatus.OK, "OK", {"audience": "pypi"}
            case "POST", self.upload.hostname, "/_/oidc/mint-token":
                return self._mint(json.loads(body))
            case "POST", self.upload.hostname, self.upload.path:
                return self._take(headers, body)
            case "GET", self.index.hostname, page if page.startswith(self.index.path):
                return self._page(page.removeprefix(self.index.path).strip("/"))
        return HTTPStatus.NOT_FOUND, "Not Found", ""

    def _identity(self, headers: Any, audience: list[str] | None) -> Answer:
        if headers["authorization"] != "bearer request-token-of-the-job" or audience != ["pypi"]:
            return HTTPStatus.FORBIDDEN, "Forbidden", {}
        return HTTPStatus.OK, "OK", {"value": IDENTITY}

    def _mint(self, sent: dict[str, str]) -> Answer:
        if self.faults:
            return self.faults.pop(0), "Trouble", {"message": "come back later"}
        if sent["token"] != IDENTITY or not self.trusted:
            wrong = {
                "code": "invalid-publisher",
                "description": "valid token, but no corresponding publisher",
            }
            return (
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "Unprocessable",
                {"message": "Token request failed", "errors": [wrong]},
            )
        token = f"minted-{len(self.tokens) + 1}-secret"
        self.tokens[token] = self.clock + LIFETIME
        return HTTPStatus.OK, "OK", {"success": True, "token": token}

    def _take(self, headers: Any, body: bytes) -> Answer:
        login = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode()
        user, _, token = login.partition(":")
        if user != "__token__" or self.tokens.get(token, -1.0) < self.clock:
            return _refusal(
                HTTPStatus.FORBIDDEN, f"Invalid or non-existent authentication information {token}"
            )
        name, content, fields = _form(headers["content-type"], body)
        if fields["name"] in self.forbidden:
            return _refusal(
                HTTPStatus.FORBIDDEN, f"The user 'x' isn't allowed to upload to project '{fields['name']}'"
            )
        digest = hashlib.sha256(content).hexdigest()
        if fields["sha256_digest"] != digest:
            return _refusal(HTTPStatus.BAD_REQUEST, "The digest supplied does not match")
        self.clock += self.seconds
        if name in self.files:
            same = self.files[name][0] == digest
            return (HTTPStatus.OK, "OK", "") if same else _refusal(400, "File already exists")
        self.files[name] = digest, len(content)
        self.uploads.append(name)
        self.hide(name, self.lag)
        return HTTPStatus.OK, "OK", ""

    def _page(self, project: str) -> Answer:
        files = [name for name in self.files if parse_wheel_filename(name)[0] == project]
        shown = []
        for name in files:
            if self._hidden.get(name):
                self._hidden[name] -= 1
            else:
                digest, size = self.files[name]
                shown.append({"filename": name, "hashes": {"sha256": digest}, "size": size})
        if not shown:
            return HTTPStatus.NOT_FOUND, "Not Found", ""
        page = {"meta": {"api-version": "1.4"}, "name": project, "files": shown}
        return HTTPStatus.OK, "OK", page


def _refusal(status: int, reason: str) -> Answer:
    return status, "Refused", f"<html><head><title>{status} {reason}</title></head></html>"


def _form(kind: str, body: bytes) -> tuple[str, bytes, dict[str, str]]:
    """The file of a form's, its content, and the other fields."""
    message = email.message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP
    )
    name, content, fields = "", b"", {}
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if part.get_filename():
            name, content = str(part.get_filename()), data
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = data.decode()
    return name, content, fields


class _Server(Server):
    public: PublicIndex


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Behind which name of a host we stand since the proxy was asked for one.
    host = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        pass

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        self.send_response(HTTPStatus.OK)
        self.end_headers()
        self.connection = self.server.public.context(self.host).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        status, reason, content = self.server.public.answer(
            self.command, self.host, self.path, self.headers, body
        )
        is_text = isinstance(content, str)
        data = content.encode() if is_text else json.dumps(content).encode()
        kind = "text/html" if is_text else "application/json"
        if not is_text and "files" in content:
            kind = "application/vnd.pypi.simple.v1+json"
        with suppress(ConnectionError):
            self.send_response(status, reason)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def finish(self) -> None:
        super().finish()
        self.connection.close()
