"""Issues and releases on GitHub: what is found, opened, closed and deleted, on a stand-in on loopback."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import stamina

from github_messages import error, fails, held, instead, ok, reset
from github_server import GitHubServer
from mlir_release.github import GitHubError, issues, releases
from mlir_release.github.errors import NoAnswer, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from github_repository import Repository
    from mlir_release.github import Client

NAME = "llvm/mlir-py-release"
MARKER = "<!-- mlir-py-release: a test -->"
SUBJECT = issues.Subject(label="release-train", marker=MARKER)


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """The stand-in; whoever tries again does so at once."""
    with GitHubServer() as made, stamina.set_testing(True, attempts=5, cap=True):
        yield made


@pytest.fixture
def project(server: GitHubServer) -> Repository:
    return server.repository(NAME)


@pytest.fixture
def client(server: GitHubServer) -> Client:
    return server.client(NAME)


def ensure(client: Client) -> tuple[issues.Issue, bool]:
    return issues.ensure(client, SUBJECT, title="The newest snapshot is too old", body="By 3 days.")


def open_ones(project: Repository) -> list[int]:
    return [it["number"] for it in project.issues if it["state"] == "open"]


def test_one_issue_is_opened_and_found_again(project: Repository, client: Client) -> None:
    opened, new = ensure(client)
    assert new
    assert opened == issues.Issue(
        number=1, title="The newest snapshot is too old", url=f"https://github.com/{NAME}/issues/1"
    )
    (made,) = project.issues
    assert made["body"] == f"By 3 days.\n\n{MARKER}"
    assert [it["name"] for it in made["labels"]] == ["release-train"]
    assert ensure(client) == (opened, False)
    assert issues.find(client, SUBJECT) == (opened,)


def test_it_is_closed_and_opened_anew(project: Repository, client: Client) -> None:
    opened, _ = ensure(client)
    issues.close(client, opened, "snapshot-20261123.01 is there.")
    assert (project.issues[0]["state"], project.issues[0]["state_reason"]) == ("closed", "completed")
    assert [it["body"] for it in project.comments] == ["snapshot-20261123.01 is there."]
    assert issues.find(client, SUBJECT) == ()
    again, new = ensure(client)
    assert (again.number, new) == (2, True)


def test_what_is_not_ours(project: Repository, client: Client) -> None:
    project.issue("Without a body", labels=("release-train",))
    project.issue("Somebody else's marker", "<!-- another -->", ("release-train",))
    # Anybody may write the marker into an issue; only maintainers set labels.
    project.issue("Without the label", MARKER)
    project.issue("A pull request", MARKER, ("release-train",))["pull_request"] = {
        "url": "https://example.org"
    }
    project.issue("Closed", MARKER, ("release-train",))["state"] = "closed"
    assert issues.find(client, SUBJECT) == ()
    assert ensure(client)[1]


def test_among_many(project: Repository, client: Client) -> None:
    project.issue("Ours", f"Text.\n{MARKER}", ("bug", "release-train"))
    for number in range(120):
        project.issue(f"Number {number}", "Text.", ("release-train",))
    assert [it.number for it in issues.find(client, SUBJECT)] == [1]


def test_many_that_open_one_at_once(server: GitHubServer, project: Repository) -> None:
    # All have looked, and found none, before the first one opens his.
    server.fail("GET issues", *[held(threading.Barrier(8))] * 8)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ensure, [server.client(NAME) for _ in range(8)]))
    assert len(project.issues) == 8
    assert open_ones(project) == [1]
    assert {issue.number for issue, _ in outcomes} == {1}
    assert [new for _, new in outcomes].count(True) == 1
    closed = [it for it in project.issues if it["state"] == "closed"]
    assert {it["state_reason"] for it in closed} == {"not_planned"}
    assert {it["body"] for it in project.comments} == {"#1 says the same already."}


def test_an_answer_that_got_lost(server: GitHubServer, project: Repository, client: Client) -> None:
    server.fail("POST issues", reset(after=True))
    assert ensure(client)[1]
    assert open_ones(project) == [1]


@pytest.mark.parametrize("fault", [reset(), fails(502)])
def test_it_was_not_opened(server: GitHubServer, project: Repository, client: Client, fault: object) -> None:
    server.fail("POST issues", fault)  # type: ignore[arg-type]
    with pytest.raises(NoAnswer):
        ensure(client)
    assert project.issues == []
    assert ensure(client)[1]


def test_a_label_that_was_dropped(server: GitHubServer, project: Repository, client: Client) -> None:
    # GitHub does so without a word when the token may not label; the next run would not find the issue.
    unlabelled = project.issue("Ours", MARKER)
    server.fail("POST issues", instead(ok(unlabelled, 201)))
    with pytest.raises(GitHubError) as caught:
        ensure(client)
    assert str(caught.value) == (
        f"https://github.com/{NAME}/issues/1 was opened, but without its label release-train, for the token"
        " may not label issues; add it by hand"
    )


def test_issues_are_switched_off(server: GitHubServer, project: Repository, client: Client) -> None:
    server.fail("POST issues", instead(error(410, "Issues has been disabled in this repository.")))
    with pytest.raises(GitHubError, match="410 Issues has been disabled"):
        ensure(client)
    assert project.issues == []


def test_releases(project: Repository, server: GitHubServer) -> None:
    when = dt.datetime(2026, 11, 23, 4, 5, 6, tzinfo=dt.UTC)
    project.release("llvm-22.1.8.01", when, files={"a.whl": b"wheel"})
    project.release("snapshot-20261123.01", when, prerelease=True)
    project.release("snapshot-20261123.02", draft=True)
    draft, snapshot, numbered = releases.listed(server.client(NAME))
    assert (draft.tag, draft.draft, draft.published) == ("snapshot-20261123.02", True, None)
    assert (snapshot.tag, snapshot.draft, snapshot.prerelease) == ("snapshot-20261123.01", False, True)
    assert (numbered.tag, numbered.prerelease, numbered.published) == ("llvm-22.1.8.01", False, when)
    (asset,) = numbered.assets
    digest = f"sha256:{hashlib.sha256(b'wheel').hexdigest()}"
    assert (asset.name, asset.size, asset.digest) == ("a.whl", 5, digest)
    # Drafts are not for everybody.
    assert releases.listed(server.client(NAME, token=None)) == (snapshot, numbered)


def test_no_releases(project: Repository, client: Client) -> None:
    assert project.releases == []
    assert releases.listed(client) == ()


def test_more_releases_than_a_page_has(project: Repository, client: Client) -> None:
    for number in range(230):
        project.release(f"snapshot-{number}")
    assert [it.tag for it in releases.listed(client)] == [f"snapshot-{n}" for n in reversed(range(230))]


def test_an_asset_from_before_there_were_digests(project: Repository, client: Client) -> None:
    project.release("old", files={"a.whl": b""})["assets"][0]["digest"] = None
    assert releases.listed(client)[0].assets[0].digest is None


def test_a_release_is_deleted_once(server: GitHubServer, project: Repository, client: Client) -> None:
    for tag in ("first", "second"):
        project.release(tag)
    second, first = releases.listed(client)
    # Its answer gets lost, and the second attempt finds nothing: it is gone, as it should be.
    server.fail("DELETE *", reset(after=True))
    releases.delete(client, second)
    assert releases.listed(client) == (first,)
    releases.delete(client, second)
    assert releases.listed(client) == (first,)


def test_a_release_that_must_not_be_deleted(
    server: GitHubServer, project: Repository, client: Client
) -> None:
    project.release("first")
    (first,) = releases.listed(client)
    # GitHub's answer to a token that may read, but not write.
    server.fail("DELETE *", fails(404, "Not Found"))
    with pytest.raises(NotFound, match="GitHub refuses DELETE repos/llvm/mlir-py-release/releases/1 "):
        releases.delete(client, first)
    assert releases.listed(client) == (first,)


@pytest.mark.parametrize(
    "content", [[{"id": 1}], [{"id": 1, "published_at": "yesterday"}], {"message": "Hello"}]
)
def test_releases_that_are_none(server: GitHubServer, client: Client, content: object) -> None:
    server.fail("GET releases", instead(ok(content)))
    with pytest.raises(GitHubError, match="see to GITHUB_API_URL"):
        releases.listed(client)
