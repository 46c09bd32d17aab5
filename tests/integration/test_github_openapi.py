"""The stand-in for GitHub, and what our client asks of it, held against GitHub's published description."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina

import npm
from github_desk import desk
from github_messages import fails, half_way, primary_limit, secondary_limit
from github_server import GitHubServer
from mlir_release.github import GitHubError, assets, checks, issues, releases
from mlir_release.github.errors import AlreadyThere
from openapi import Description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# It grows with GitHub's API; this one is known to be whole.
PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "generated/api.github.com.json"
NAME = "llvm/llvm-project"
SHA = "0123456789" * 4
SUBJECT = issues.Subject(label="stale", marker="<!-- a test -->")


@pytest.fixture(scope="session")
def description(tmp_path_factory: pytest.TempPathFactory) -> Description:
    archive = npm.fetch(PACKAGE, tmp_path_factory.mktemp("openapi"))
    return Description.read(npm.member(archive, MEMBER))


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with GitHubServer() as made, stamina.set_testing(True, attempts=5, cap=True):
        yield made


def assert_described(description: Description, server: GitHubServer) -> None:
    assert server.exchanges
    assert [line for it in server.exchanges for line in description.problems(it)] == []


def test_checks(description: Description, server: GitHubServer) -> None:
    client, llvm = server.client(NAME), server.repository(NAME)
    assert checks.verdict(client, SHA) is checks.Verdict.NONE
    for state in ("success", "pending", "failure", "error"):
        llvm.status(SHA, f"{state}-er", state)
    list(client.pages(f"commits/{SHA}/check-runs", "check_runs", filter="all"))
    client.get(f"commits/{SHA}/status")
    for number, outcome in enumerate(["success", "failure", "neutral", "cancelled", "skipped"] * 25):
        llvm.check(SHA, f"check {number}", outcome)
    for outcome in (
        "timed_out",
        "action_required",
        "queued",
        "in_progress",
        "waiting",
        "requested",
        "pending",
    ):
        llvm.check(SHA, outcome, outcome)
    runs = list(client.pages(f"commits/{SHA}/check-runs", "check_runs", filter="latest"))
    assert len(runs) == 132
    assert_described(description, server)
    assert {it.answer.status for it in server.exchanges} == {200, 404}


def test_issues(description: Description, server: GitHubServer) -> None:
    server.repository(NAME)
    client = server.client(NAME)
    issue, opened = issues.ensure(client, SUBJECT, title="Too old", body="By days.")
    assert opened
    issues.comment(client, issue, "Still.")
    issues.close(client, issue, "No longer.")
    list(client.pages("issues", state="all"))
    list(client.pages(f"issues/{issue.number}/comments"))
    client.get(f"issues/{issue.number}")
    assert_described(description, server)


def test_releases(description: Description, server: GitHubServer) -> None:
    project = server.repository(NAME)
    for number in range(101):
        project.release(f"snapshot-{number}", prerelease=True, files={"a.whl": b"wheel", "b.tar.gz": b""})
    project.release("draft", draft=True)
    client = server.client(NAME)
    found = releases.listed(client)
    assert len(found) == 102
    client.get(f"releases/{found[0].number}")
    releases.delete(client, found[0])
    assert_described(description, server)


def test_publishing(description: Description, tmp_path: Path) -> None:
    with desk(tmp_path) as made:
        made.home.tag(made.manifest.tag, made.manifest.project_commit)
        made.publish()
        made.publish()
        client = made.server.client(made.home.name)
        (release,) = releases.listed(client)
        client.get(f"releases/tags/{release.tag}")
        client.get(f"releases/assets/{release.assets[0].number}")
        assets.delete(client, release.assets[0])
        with pytest.raises(AlreadyThere):
            client.post("releases", {"tag_name": release.tag})
        assert {it.answer.status for it in made.server.exchanges} == {200, 201, 204, 302, 422}
        assert_described(description, made.server)


def test_an_upload_that_does_not_end(description: Description, tmp_path: Path) -> None:
    with desk(tmp_path) as made:
        made.server.fail("POST releases/*/assets", half_way())
        made.publish()
        made.assert_whole()
        problems = [line for it in made.server.exchanges if not it.fault for line in description.problems(it)]
    # The state of its beginning is in the description's words (of the 502), and not in its list of states.
    assert problems
    assert all("'starter' is not one of ['uploaded', 'open']" in line for line in problems)


REFUSED: list[tuple[str, str, object]] = [
    ("GET", "", None),
    ("GET", f"commits/{SHA}/status", None),
    ("GET", f"commits/{SHA}/check-runs", None),
    ("GET", "issues", None),
    ("GET", "issues/7", None),
    ("GET", "issues/7/comments", None),
    ("POST", "issues", {"title": ""}),
    ("PATCH", "issues/7", {"state": "closed"}),
    ("POST", "issues/7/comments", {"body": "?"}),
    ("GET", "releases", None),
    ("GET", "releases/7", None),
    ("DELETE", "releases/7", None),
    ("POST", "releases", {"tag_name": ""}),
    ("PATCH", "releases/7", {"draft": False}),
    ("GET", "releases/latest", None),
    ("GET", "releases/tags/a", None),
    ("GET", "releases/7/assets", None),
    ("POST", "releases/7/assets?name=a", None),
    ("GET", "releases/assets/7", None),
    ("DELETE", "releases/assets/7", None),
    ("GET", "git/ref/tags/a", None),
    ("GET", "git/tags/a", None),
]


@pytest.mark.parametrize("asked", REFUSED, ids=lambda it: f"{it[0]}-{it[1]}")
@pytest.mark.parametrize("token", [None, "token-of-the-tests", "a-wrong-one"])
@pytest.mark.parametrize("name", [NAME, "llvm/nothing"])
def test_what_is_refused(
    description: Description,
    server: GitHubServer,
    asked: tuple[str, str, object],
    token: str | None,
    name: str,
) -> None:
    server.repository(NAME)
    method, path, content = asked
    headers = {"authorization": f"Bearer {token}"} if token else {}
    httpx.request(method, f"{server.url}/repos/{name}/{path}", json=content, headers=headers)
    assert_described(description, server)


@pytest.mark.parametrize("code", [401, 403, 404, 410, 422, 500, 502])
def test_errors(description: Description, server: GitHubServer, code: int) -> None:
    client = server.client(NAME)
    server.fail("*", *[fails(code, "No")] * 30)
    with pytest.raises(GitHubError):
        client.get("issues/1")
    with pytest.raises(GitHubError):
        client.post("issues", {"title": "A"})
    # What is gone already is as good as deleted.
    with pytest.raises(GitHubError) if code != 404 else nullcontext():
        client.delete("releases/1")
    assert_described(description, server)


def test_rate_limits(description: Description, server: GitHubServer) -> None:
    server.fail(
        "*", *(limit for code in (403, 429) for limit in (primary_limit(9, code), secondary_limit(9, code)))
    )
    server.repository(NAME)
    assert list(server.client(NAME).pages("issues")) == []
    assert [it.answer.status for it in server.exchanges] == [403, 403, 429, 429, 200]
    assert_described(description, server)


def test_the_description_is_asked(description: Description, server: GitHubServer) -> None:
    # What is not as it says is found, wherever it is.
    server.repository(NAME).release("a", files={"a.whl": b""})
    server.client(NAME).get("releases")
    (right,) = server.exchanges
    assert description.problems(right) == []
    body = right.answer.body
    for old, new in [
        (b'"tag_name"', b'"tagname"'),
        (b'"size": 0', b'"size": "0"'),
        (b'"uploaded"', b'"lost"'),
    ]:
        assert old in body
        wrong = replace(right, answer=replace(right.answer, body=body.replace(old, new)))
        (line,) = description.problems(wrong)
        assert line.startswith("GET /repos/{owner}/{repo}/releases: the answer 200 at /0")
    # And what is asked, where it is not as it says.
    asked = replace(right, request=replace(right.request, query={"per_page": "5", "colour": "red"}))
    assert description.problems(asked) == [
        "GET /repos/{owner}/{repo}/releases: the parameter colour is not described"
    ]
