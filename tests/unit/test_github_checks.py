"""What GitHub's checks say of a commit, from a stand-in on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from github_messages import broken_off, empty_page, fails, half_page, instead, ok, reset
from github_server import GitHubServer
from mlir_release.github import GitHubError
from mlir_release.github.checks import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "llvm/llvm-project"
SHA = "0123456789" * 4

SUCCESS = ("success",)
NEITHER = ("neutral", "skipped")
UNFINISHED = ("queued", "in_progress", "waiting", "requested", "pending")
FAILED = (
    "failure",
    "cancelled",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
    "something that GitHub has not thought of yet",
)


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """The stand-in with a commit; whoever tries again does so at once."""
    with GitHubServer() as made, stamina.set_testing(True, attempts=5, cap=True):
        made.repository(NAME).commit(SHA)
        yield made


def asked(server: GitHubServer) -> Verdict:
    return verdict(server.client(NAME), SHA)


def test_a_commit_that_nothing_was_reported_for(server: GitHubServer) -> None:
    # GitHub calls the state of no statuses at all "pending".
    assert server.client(NAME).get(f"commits/{SHA}/status")["state"] == "pending"
    assert asked(server) is Verdict.NONE


@pytest.mark.parametrize(
    ("state", "expected"),
    [("success", "green"), ("pending", "pending"), ("failure", "red"), ("error", "red")],
)
def test_a_status(server: GitHubServer, state: str, expected: str) -> None:
    server.repository(NAME).status(SHA, "buildbot", state)
    assert asked(server) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [(SUCCESS, "green"), (NEITHER, "none"), (UNFINISHED, "pending"), (FAILED, "red")],
)
def test_a_check_run(server: GitHubServer, outcomes: tuple[str, ...], expected: str) -> None:
    client = server.client(NAME)
    for number, outcome in enumerate(outcomes):
        sha = f"{number:040x}"
        server.repository(NAME).check(sha, "test", outcome)
        assert verdict(client, sha) == expected


@pytest.mark.parametrize(
    ("state", "outcome", "expected"),
    [
        ("success", "failure", "red"),
        ("failure", "success", "red"),
        ("pending", "success", "pending"),
        ("pending", "failure", "red"),
        ("success", "queued", "pending"),
        ("success", "skipped", "green"),
        ("pending", "skipped", "pending"),
    ],
)
def test_both_count(server: GitHubServer, state: str, outcome: str, expected: str) -> None:
    server.repository(NAME).status(SHA, "buildbot", state)
    server.repository(NAME).check(SHA, "test", outcome)
    assert asked(server) == expected


@pytest.fixture(scope="module")
def one_server() -> Iterator[GitHubServer]:
    with GitHubServer() as made:
        yield made


@given(
    statuses=st.lists(st.sampled_from(["success", "pending", "failure", "error"]), max_size=3),
    runs=st.lists(st.sampled_from([*SUCCESS, *NEITHER, *UNFINISHED, *FAILED]), max_size=6),
)
def test_any_statuses_and_runs(one_server: GitHubServer, statuses: list[str], runs: list[str]) -> None:
    repository = one_server.repository(NAME)
    sha = f"{len(repository.commits):040x}"
    repository.commit(sha)
    for number, state in enumerate(statuses):
        repository.status(sha, f"builder {number}", state)
    for number, outcome in enumerate(runs):
        repository.check(sha, f"check {number}", outcome)
    said = {*statuses, *runs}
    expected = (
        Verdict.RED
        if said & {"error", *FAILED}
        else Verdict.PENDING
        if said & {*UNFINISHED}
        else Verdict.GREEN
        if "success" in said
        else Verdict.NONE
    )
    assert verdict(one_server.client(NAME), sha) is expected


def test_only_the_latest_run_of_a_check(server: GitHubServer) -> None:
    repository = server.repository(NAME)
    repository.check(SHA, "test", "failure")
    repository.check(SHA, "test", "success")
    assert asked(server) is Verdict.GREEN
    assert server.exchanges[-1].request.query["filter"] == "latest"
    repository.check(SHA, "test", "queued")
    assert asked(server) is Verdict.PENDING
    # The same name in another suite is another workflow's, and hides nothing.
    repository.check(SHA, "test", "failure", suite=2)
    repository.check(SHA, "test", "success")
    assert asked(server) is Verdict.RED


def test_only_the_latest_status_of_a_builder(server: GitHubServer) -> None:
    for state in ("failure", "success"):
        server.repository(NAME).status(SHA, "buildbot", state)
    assert asked(server) is Verdict.GREEN


@pytest.mark.parametrize("outcome", ["failure", "queued"])
def test_all_of_many_runs_count(server: GitHubServer, outcome: str) -> None:
    # The oldest one comes last, on the third page.
    server.repository(NAME).check(SHA, "the first", outcome)
    for number in range(220):
        server.repository(NAME).check(SHA, f"check {number}", "success")
    assert asked(server) is (Verdict.RED if outcome == "failure" else Verdict.PENDING)
    assert len(server.exchanges) == 4


def test_all_of_many_statuses_count(server: GitHubServer) -> None:
    server.repository(NAME).status(SHA, "the first", "failure")
    for number in range(120):
        server.repository(NAME).status(SHA, f"builder {number}", "success")
    assert asked(server) is Verdict.RED
    # One answer says it all.
    assert len(server.exchanges) == 1


def test_runs_that_do_not_come_are_not_taken_for_green(
    server: GitHubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(150):
        server.repository(NAME).check(SHA, f"check {number}", "success")
    for fault, came in ((empty_page(), 50), (half_page(), 100)):
        server.fail("GET *check-runs", fault)
        assert asked(server) is Verdict.PENDING
        line = f"{SHA} counts as pending: GitHub sent {came} of the 150 items"
        assert line in capsys.readouterr().out
    assert asked(server) is Verdict.GREEN


def test_a_failure_is_red_whatever_else_is_missing(server: GitHubServer) -> None:
    for number in range(150):
        server.repository(NAME).check(SHA, f"check {number}", "failure")
    server.fail("GET *check-runs", half_page())
    assert asked(server) is Verdict.RED


def test_trouble_on_the_way(server: GitHubServer) -> None:
    for number in range(150):
        server.repository(NAME).check(SHA, f"check {number}", "success")
    server.fail("GET *status", reset(), fails(502))
    server.fail("GET *check-runs", broken_off(), fails(500))
    assert asked(server) is Verdict.GREEN


def test_a_commit_that_is_not_there_yet(server: GitHubServer) -> None:
    # Which of its two ways to say so GitHub uses depends on the endpoint.
    new = "f" * 40
    assert verdict(server.client(NAME), new) is Verdict.NONE
    server.fail("GET *status", fails(422, f"No commit found for SHA: {new}"))
    assert verdict(server.client(NAME), new) is Verdict.NONE
    server.repository(NAME).status(new, "buildbot", "success")
    server.fail("GET *check-runs", fails(422, f"No commit found for SHA: {new}"))
    assert verdict(server.client(NAME), new) is Verdict.NONE


def test_a_repository_that_is_not_there_is_a_mistake(server: GitHubServer) -> None:
    with pytest.raises(GitHubError) as caught:
        verdict(server.client("llvm/llvm-projekt"), SHA)
    assert str(caught.value) == (
        "GitHub refuses GET repos/llvm/llvm-projekt (404 Not Found); see to the repository's name, and"
        " whether the token may see it"
    )


@pytest.mark.parametrize("content", [{}, [], None, "green", {"total_count": 1}])
def test_what_answers_is_not_github(server: GitHubServer, content: object) -> None:
    server.fail("GET *status", instead(ok(content)))
    with pytest.raises(GitHubError, match="what answers is not GitHub's API as we know it"):
        asked(server)


def test_a_run_that_is_none(server: GitHubServer) -> None:
    server.fail("GET *check-runs", instead(ok({"total_count": 1, "check_runs": [{"id": 1}]})))
    with pytest.raises(GitHubError, match="KeyError: 'status'"):
        asked(server)
