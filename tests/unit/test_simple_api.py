"""Pages of package indexes: in JSON, in HTML, and broken."""

from __future__ import annotations

import html
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.errors import UserError
from mlir_release.publishing.simple_api import BadAnswer, Index, Listed, parse_html, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

SHA = "ab" * 32
NAME = "mlir_sdk-22.1.8-py3-none-any.whl"
JSON = "application/vnd.pypi.simple.v1+json"
FILES = st.lists(
    st.builds(
        Listed,
        name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.+!-]{0,40}\.whl", fullmatch=True),
        sha256=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        size=st.none() | st.integers(0, 2**40),
    ),
    unique_by=lambda file: file.name,
)


def page(*files: dict[str, Any], version: str = "1.4") -> str:
    return json.dumps({"meta": {"api-version": version}, "name": "mlir-sdk", "files": files})


@given(FILES)
def test_json_is_read(files: list[Listed]) -> None:
    entries = []
    for file in files:
        hashes = {"sha256": file.sha256} if file.sha256 else {"md5": "0"}
        size = {} if file.size is None else {"size": file.size}
        entries.append({"filename": file.name, "url": "https://x", "hashes": hashes, **size})
    assert parse_json(page(*entries)) == tuple(files)


@given(FILES)
def test_html_is_read(files: list[Listed]) -> None:
    links = []
    for file in files:
        digest = f"#sha256={file.sha256}" if file.sha256 else ""
        href = html.escape(f"../../packages/{file.name.replace('+', '%2B')}?x=1&y=2{digest}")
        links.append(f'<A data-requires-python="&gt;=3.9" href="{href}">{file.name}</a><br>')
    read = parse_html(f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>")
    assert read == tuple(Listed(name=it.name, sha256=it.sha256, size=None) for it in files)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no page of a project"),
        ("[]", "it is no page of a project"),
        ("null", "it is no page of a project"),
        ('{"meta": {"api-version": 1}, "files": []}', "it is no page of a project"),
        ('{"meta": {"api-version": "1.0"}}', "it is no page of a project"),
        ("[" * 100_000, "it is no page of a project"),
        (page(version="2.0"), "its API has version 2.0"),
        (page({"filename": NAME}), "it is no page of a project"),
        (page({"filename": 1, "hashes": {}}), "1 is no name of a file"),
        (page({"filename": "a/b.whl", "hashes": {}}), "is no name of a file"),
        (page({"filename": "\x1b[31m.whl", "hashes": {}}), "is no name of a file"),
        (page({"filename": NAME, "hashes": {"sha256": "AB"}}), "'AB' is no sha256"),
        (page({"filename": NAME, "hashes": {"sha256": 1}}), "1 is no sha256"),
        (page({"filename": NAME, "hashes": {}, "size": -1}), "-1 is no size"),
        (page({"filename": NAME, "hashes": {}, "size": True}), "True is no size"),
        (page(*[{"filename": NAME, "hashes": {}}] * 2), f"it has {NAME} more than once"),
    ],
)
def test_json_that_is_none(text: str, reason: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        parse_json(text)
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "link", [f"{NAME}#sha256=xyz", "https://[broken/a.whl", "a%0Ab.whl", f"{NAME}'></a><a href='{NAME}"]
)
def test_links_that_are_none(link: str) -> None:
    with pytest.raises(BadAnswer):
        parse_html(f"<a href='{link}'>{NAME}</a>")


@given(st.data())
def test_mutated_pages(data: st.DataObject) -> None:
    """They are read, or refused with our own error."""
    whole = page({"filename": NAME, "hashes": {"sha256": SHA}, "size": 5})
    as_html = f'<a href="/x/{NAME}#sha256={SHA}">{NAME}</a>'
    for parse, text in ((parse_json, whole), (parse_html, as_html)):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        changed = text[:start] + data.draw(st.text(max_size=5)) + text[end:]
        with suppress(BadAnswer):
            assert all(file.name for file in parse(changed))


@dataclass
class Answers:
    """A server that gives these answers (status, headers, body, its length), the last one for ever."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    left: list[tuple[int, dict[str, str], bytes, int | None]] = field(default_factory=list)

    def give(self, status: int, body: str = "", *, length: int | None = None, **headers: str) -> None:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        self.left.append((status, told, body.encode(), length))

    @property
    def index(self) -> Index:
        return Index(url=self.url, timeout=5.0)


@contextmanager
def answering() -> Iterator[Answers]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name there
            pass

        def do_GET(self) -> None:
            answers.asked.append(self.path)
            given = answers.left.pop(0) if len(answers.left) > 1 else answers.left[0]
            status, headers, body, length = given
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    answers.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
    yield answers
    server.shutdown()
    server.server_close()


@pytest.fixture
def answers() -> Iterator[Answers]:
    with answering() as made, stamina.set_testing(True, attempts=3, cap=True):
        yield made


def refusal(answers: Answers) -> str:
    with pytest.raises(UserError) as caught:
        answers.index.files("mlir-sdk")
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_passing_trouble_is_waited_out(answers: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    answers.give(503, retry_after="1")
    answers.give(200, "{", length=100, content_type=JSON)
    answers.give(200, page({"filename": NAME, "hashes": {"sha256": SHA}}), content_type=f"{JSON}; charset=x")
    assert answers.index.files("mlir-sdk") == {NAME: Listed(name=NAME, sha256=SHA, size=None)}
    assert answers.asked == ["/simple/mlir-sdk/"] * 3
    assert "503 Service Unavailable); trying again" in capsys.readouterr().out


def test_trouble_that_lasts(answers: Answers) -> None:
    answers.give(502)
    assert "502 Bad Gateway" in refusal(answers)
    assert len(answers.asked) == 3


def test_a_project_that_is_not_known(answers: Answers) -> None:
    answers.give(404, "<html>nope</html>", content_type="text/html")
    assert answers.index.files("mlir-sdk") == {}
    assert not answers.index.is_there()


def test_an_index_that_is_not_for_everybody(answers: Answers) -> None:
    answers.give(401)
    assert "whether anybody may read it" in refusal(answers)
    assert len(answers.asked) == 1


def test_another_host_is_not_asked(answers: Answers) -> None:
    with answering() as other:
        other.give(200, page(), content_type=JSON)
        answers.give(302, location=f"{other.url}mlir-sdk/")
        assert "leads on to http://127.0.0.1; switch that off" in refusal(answers)
        assert not other.asked


def test_the_same_host_is_followed(answers: Answers) -> None:
    answers.give(301, location="/simple/other/")
    answers.give(200, page(), content_type=JSON)
    assert answers.index.files("mlir-sdk") == {}
    assert answers.asked == ["/simple/mlir-sdk/", "/simple/other/"]


def test_what_is_no_page(answers: Answers) -> None:
    answers.give(200, "welcome", content_type=JSON)
    assert "sends as mlir-sdk cannot be read: it is no page of a project" in refusal(answers)
