"""Real package indexes on loopback, a gate in front of them at which uploads go wrong, and small releases."""

from __future__ import annotations

import http.client
import os
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from packaging.utils import canonicalize_name

import index_samples
from loopback import Server, Serving
from wheels import SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.publishing.manifest import Manifest

USER, PASSWORD = "uploader", "secret-of-the-tests"
# Whose name and password servers ask for; keyrings of this machine are left alone.
CREDENTIALS = {
    "TWINE_USERNAME": USER,
    "TWINE_PASSWORD": PASSWORD,
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
}
PLATFORM = "manylinux_2_28_x86_64"
PROJECTS = ("llvm-sdk", "mlir-sdk", "mlir-tools", "mlir-python-bindings")


class When(StrEnum):
    """Where an upload goes wrong: before the server hears of it, in the middle of it, or when it is there."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to an upload: a process is killed, an error is answered, nothing for long, or a reset."""

    when: When
    kill: subprocess.Popen[str] | None = None
    status: int | None = None
    wait: float = 0.0


@dataclass
class Gate(Serving):
    """A proxy in front of a server.

    ``accepted`` counts the uploads that the server took, by the name of the file, ``writes`` those of wheels
    that it was asked to take; ``asked`` are all requests.
    ``faults`` befall the next uploads, one after another (None: nothing does). For the next ``stale``
    requests, projects seem to be unknown. Nobody may upload to the projects that are ``forbidden``.
    """

    port: int
    accepted: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    stale: int = 0
    forbidden: set[str] = field(default_factory=set)
    writes: int = 0

    def __post_init__(self) -> None:
        self._server: _Server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gate = self

    @property
    def url(self) -> str:
        """With a slash at its end, as uploaders are given it."""
        return f"{super().url}/"

    def shows(self, manifest: Manifest, project: str) -> bool:
        """Whether the server lists all files of a project, which some do later than they take them."""
        return {it.name for it in manifest.files if it.distribution == project} <= self.sums(project).keys()

    def sums(self, project: str) -> dict[str, str]:
        """The files that the server itself lists of a project, with their sha256."""
        page = httpx.get(f"{self.url}simple/{project}/", headers={"accept": "text/html"}).text
        links = [part.partition('"')[0] for part in page.split('href="')[1:]]
        pairs = [link.rpartition("/")[2].partition("#sha256=") for link in links]
        return {name: digest for name, _, digest in pairs}


class _Server(Server):
    gate: Gate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
        pass

    def do_GET(self) -> None:
        gate = self.server.gate
        gate.asked.append(f"GET {self.path}")
        if gate.stale and self.path.startswith("/simple/") and self.path != "/simple/":
            gate.stale -= 1
            self._answer(HTTPStatus.NOT_FOUND, "Not Found", b"", "text/plain")
        else:
            self._answer(*self._forward(b""))

    def do_POST(self) -> None:
        gate = self.server.gate
        gate.asked.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers["content-length"]))
        name = body.partition(b'filename="')[2].partition(b'"')[0].decode()
        is_wheel = name.endswith(".whl")
        gate.writes += is_wheel
        if canonicalize_name(name.partition("-")[0]) in gate.forbidden:
            self._answer(HTTPStatus.FORBIDDEN, "Forbidden", b"", "text/plain")
            return
        fault = gate.faults.pop(0) if gate.faults and is_wheel else None
        if fault and fault.when in (When.BEFORE, When.DURING):
            self._go_wrong(fault)
            return
        answer = self._forward(body)
        if answer[0] == HTTPStatus.OK:
            gate.accepted[name] += 1
            gate.order.append(name)
        if fault:
            self._go_wrong(fault)
        else:
            self._answer(*answer)

    def _forward(self, body: bytes) -> tuple[int, str, bytes, str]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.gate.port)
        plain = {name.lower(): value for name, value in self.headers.items()} | {
            "accept-encoding": "identity"
        }
        upstream.request(self.command, self.path, body or None, plain)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        return answer.status, answer.reason, content, answer.getheader("content-type", "")

    def _answer(self, status: int, reason: str, content: bytes, kind: str) -> None:
        with suppress(ConnectionError):
            self.send_response(status, reason)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def _go_wrong(self, fault: Fault) -> None:
        time.sleep(fault.wait)
        if fault.kill:
            fault.kill.kill()
            fault.kill.wait()
        if fault.status:
            self._answer(fault.status, HTTPStatus(fault.status).phrase, b"", "text/plain")
            return
        # Closing a socket that does not linger sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


@contextmanager
def pypiserver(folder: Path) -> Iterator[int]:
    """pypiserver, which knows PEP 503; its port. Anybody may upload."""
    folder.mkdir(exist_ok=True)
    port = _free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1", "--port", str(port)]
    anybody = ["--passwords", ".", "--authenticate", "."]
    with _running([*command, "--disable-fallback", *anybody, str(folder)], port, {}):
        yield port


@contextmanager
def pypiron(folder: Path) -> Iterator[int]:
    """pypiron, which knows PEP 691 too; its port. It asks nobody outside."""
    port = _free_port()
    program = Path(sys.executable).parent / "pypiron"
    command = [str(program), "serve", "--data-dir", str(folder), "--bind-addr", f"127.0.0.1:{port}"]
    offline = ["--advisory-feed", "", "--malware-probe-secs", "0", "--malware-block", "false"]
    with _running([*command, "--uploader-user", USER, *offline], port, {"PYPIRON_UPLOADER_PASS": PASSWORD}):
        yield port


SERVERS = {"pypiserver": pypiserver, "pypiron": pypiron}


@contextmanager
def _running(command: list[str], port: int, variables: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not _listens(port):
            assert process.poll() is None, f"{command[0]} has ended"
            assert time.monotonic() < deadline, f"{command[0]} does not listen"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def small_set(folder: Path, version: str = "22.1.8", *, says: str = "ours") -> tuple[Path, Manifest]:
    """A release set of six small wheels, and its manifest."""
    tag = f"py3-none-{PLATFORM}"
    wheels = [
        SmallWheel(name="llvm-sdk", tag=tag, files={"llvm_sdk/who.py": says.encode()}),
        SmallWheel(name="mlir-sdk", tag=tag, requires=(f"llvm-sdk=={version}",)),
        SmallWheel(name="mlir-tools", tag=tag),
    ]
    for python in ("cp310", "cp311", "cp312"):
        tag = f"{python}-{python}-{PLATFORM}"
        files = {"mlir/who.py": says.encode()}
        wheels.append(SmallWheel(name="mlir-python-bindings", tag=tag, files=files))
    manifest = index_samples.write_set(folder, version, wheels)
    return folder / manifest.tag, manifest
