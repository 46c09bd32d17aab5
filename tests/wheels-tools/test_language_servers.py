"""The language servers answer, and end when they are told to."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def _message(body: dict[str, Any]) -> bytes:
    """One message of the base protocol, with its header."""
    content = json.dumps({"jsonrpc": "2.0", **body}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


def _answers(stream: bytes) -> dict[int, Any]:
    """The results that a server sent, by the number of the request."""
    results = {}
    while stream:
        header, _, rest = stream.partition(b"\r\n\r\n")
        length = int(header.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        answer = json.loads(rest[:length])
        if "id" in answer:
            results[answer["id"]] = answer["result"]
        stream = rest[length:]
    return results


@pytest.mark.parametrize("name", ["mlir-lsp-server", "mlir-pdll-lsp-server", "tblgen-lsp-server"])
def test_initialize_shutdown_exit(scripts: Path, name: str) -> None:
    parameters: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    talk: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": parameters},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    done = subprocess.run(
        [str(scripts / name)],
        input=b"".join(map(_message, talk)),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answers = _answers(done.stdout)
    assert answers[1]["capabilities"]["definitionProvider"] is True
    assert answers[1]["serverInfo"]["name"] == name
    assert answers[2] is None
