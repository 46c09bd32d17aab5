"""Where the client for GitHub's API goes with its token, and where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asking_github import NAME, refusal
from github_messages import (
    fails,
    moved,
    next_page,
)
from github_server import TOKEN, GitHubServer
from mlir_release.errors import UserError
from mlir_release.github import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_messages import Fault


@pytest.mark.parametrize("lead", [next_page, moved])
def test_another_host_is_not_asked(server: GitHubServer, lead: Callable[[str], Fault]) -> None:
    # Neither with the token nor without: what it says would be taken for GitHub's word.
    with GitHubServer() as other:
        other.repository(NAME)
        server.fail("GET issues", lead(f"{other.url}/repos/{NAME}/issues?page=2"))
        line = refusal(lambda: list(server.client(NAME).pages("issues")))
        assert line == "GitHub's answer leads to another host, 127.0.0.1; see to GITHUB_API_URL"
        assert other.exchanges == []


def test_a_link_that_is_none(server: GitHubServer) -> None:
    server.fail("GET issues", next_page("http://a:b"), next_page("/repos/relative"))
    assert "leads nowhere" in refusal(lambda: list(server.client(NAME).pages("issues")))
    assert "another host" in refusal(lambda: list(server.client(NAME).pages("issues")))


def test_a_repository_that_was_renamed(server: GitHubServer) -> None:
    new = server.repository("llvm/new-name")
    new.issue("A")
    client = server.client("llvm/old-name")
    there = f"{server.url}/repositories/{new.number}/issues"
    server.fail("GET issues", moved(there))
    assert [it["title"] for it in client.pages("issues")] == ["A"]
    for status in (301, 307):
        server.fail("POST issues", moved(there, status))
        line = refusal(lambda: client.post("issues", {"title": "B"}))
        assert line.endswith("the repository has another name now; use that")
    assert len(new.issues) == 1
    server.fail("GET issues", *[moved(f"{server.url}/repos/llvm/old-name/issues")] * 30)
    assert "leads nowhere" in refusal(lambda: client.get("issues"))


def test_a_token_that_is_said_back_is_not_repeated(server: GitHubServer) -> None:
    server.fail("*", fails(400, f"No such token: {TOKEN}"))
    assert "(400 No such token: ***)" in refusal(lambda: server.client(NAME).get("issues"))
    assert TOKEN not in repr(server.client(NAME))


def test_the_environment(server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GITHUB_API_URL", "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    plain = Client.for_repository(NAME)
    assert (plain.api, plain.token) == ("https://api.github.com", None)
    monkeypatch.setenv("GH_TOKEN", "second")
    assert Client.for_repository(NAME).token == "second"
    for name, value in server.environment.items():
        monkeypatch.setenv(name, f"{value}/" if name.endswith("URL") else f"{value}\n")
    client = Client.for_repository(NAME)
    assert client.token == TOKEN
    client.get("issues")
    assert server.requests == ["GET issues"]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GITHUB_TOKEN", "two words", "what is in GITHUB_TOKEN or GH_TOKEN is no token; set it again"),
        ("GH_TOKEN", "two\nlines", "what is in GITHUB_TOKEN or GH_TOKEN is no token; set it again"),
        ("GITHUB_TOKEN", "schlüssel", "what is in GITHUB_TOKEN or GH_TOKEN is no token; set it again"),
        (
            "GITHUB_API_URL",
            "https://a:b",
            "GITHUB_API_URL is no URL: 'https://a:b'; unset it to mean https://",
        ),
        ("GITHUB_API_URL", "https://", "GITHUB_API_URL is not https://HOST: 'https://'; unset"),
        (
            "GITHUB_API_URL",
            "http://example.org",
            "GITHUB_API_URL is not https://HOST: 'http://example.org'; ",
        ),
        ("GITHUB_API_URL", "example.org", "GITHUB_API_URL is not https://HOST: 'example.org'; "),
    ],
)
def test_an_environment_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError) as caught:
        Client.for_repository(NAME)
    assert str(caught.value).startswith(line)


def test_a_repository_that_can_be_none() -> None:
    with pytest.raises(UserError, match="'llvm' is no repository of GitHub's; say OWNER/NAME"):
        Client.for_repository("llvm")


def test_a_proxy_that_cannot_be_used(server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1")
    with pytest.raises(UserError, match="the proxy that is set cannot be used"):
        server.client(NAME).get("issues")
