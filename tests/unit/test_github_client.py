"""The client for GitHub's API, against a stand-in on loopback: what it asks, tries again and refuses."""

from __future__ import annotations

import socket
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
import stamina

from asking_github import NAME, SHA, refusal
from github_messages import (
    Answer,
    broken_off,
    dripping,
    empty_page,
    error,
    fails,
    half_page,
    html,
    instead,
    next_page,
    ok,
    primary_limit,
    reset,
    secondary_limit,
    slow,
    truncated,
)
from github_server import TOKEN, GitHubServer
from mlir_release.github import Client
from mlir_release.github.errors import Incomplete, NoAnswer, NotFound, RateLimited

if TYPE_CHECKING:
    from github_messages import Fault


def test_what_is_sent(server: GitHubServer) -> None:
    assert server.client(NAME).get("issues", state="all") == []
    (exchange,) = server.exchanges
    assert exchange.request.path == f"/repos/{NAME}/issues"
    assert exchange.request.query == {"state": "all"}
    assert exchange.request.headers["accept"] == "application/vnd.github+json"
    assert exchange.request.headers["x-github-api-version"] == "2022-11-28"
    assert exchange.request.headers["authorization"] == f"Bearer {TOKEN}"


def test_without_a_token(server: GitHubServer) -> None:
    client = server.client(NAME, token=None)
    client.get("issues")
    assert "authorization" not in server.exchanges[0].request.headers
    assert refusal(lambda: client.post("issues", {"title": "A"})) == (
        f"GitHub refuses POST repos/{NAME}/issues (401 Requires authentication); renew the token in"
        " GITHUB_TOKEN or GH_TOKEN"
    )


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            reset(),
            "does not answer GET repos/llvm/llvm-project/issues",
        ),
        (broken_off(), "does not answer"),
        (truncated(), "sent broken JSON in answer to GET repos/llvm/llvm-project/issues"),
        (instead(Answer(status=200)), "sent broken JSON"),
        (slow(1.5), "(timed out)"),
        (dripping(0.05), "(the answer takes too long)"),
        (fails(500), "has trouble of its own with GET repos/llvm/llvm-project/issues (500 Server Error)"),
        (html(502), "(502 Bad Gateway)"),
        (fails(503, "Service unavailable"), "(503 Service unavailable)"),
        (primary_limit(300), "limit of requests is used up"),
        (primary_limit(-300, 429), "limit of requests is used up"),
        (secondary_limit(60), "limit of requests is used up"),
        (secondary_limit(None), "limit of requests is used up"),
        (secondary_limit(None, 429), "limit of requests is used up"),
        (instead(error(429, "Slow down")), "limit of requests is used up"),
    ],
)
def test_what_passes_is_tried_again(
    server: GitHubServer, fault: Fault, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    issue = server.repository(NAME).issue("A title", "Text. " * 20)
    server.fail("GET issues", fault)
    assert server.client(NAME, timeout=1.0).get("issues") == [issue]
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("   GitHub")
    assert said in line
    assert line.endswith("; trying again in 0.0 s")


def test_five_attempts(server: GitHubServer) -> None:
    server.fail("*", *[fails(502)] * 9)
    assert refusal(lambda: server.client(NAME).get("issues"), NoAnswer) == (
        f"GitHub has trouble of its own with GET repos/{NAME}/issues (502 Server Error); try again later"
    )
    assert server.requests == ["GET issues"] * 5


def test_the_wait_that_is_asked_for_is_kept() -> None:
    with GitHubServer() as server:
        server.repository(NAME)
        server.fail("*", secondary_limit(1))
        start = time.monotonic()
        server.client(NAME).get("issues")
        assert 1.0 <= time.monotonic() - start < 30


@pytest.mark.parametrize("fault", [primary_limit(3000), secondary_limit(3000), primary_limit(3000, 429)])
def test_too_long_a_wait_is_not_waited_for(server: GitHubServer, fault: Fault) -> None:
    server.fail("*", fault)
    line = refusal(lambda: server.client(NAME).get("issues"), RateLimited)
    assert line.startswith("GitHub's limit of requests is used up; come back after ")
    assert line.endswith(" UTC, or use a token (GITHUB_TOKEN) that has some left")
    assert server.requests == ["GET issues"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (400, "it will not be taken as it is"),
        (401, "renew the token in GITHUB_TOKEN or GH_TOKEN"),
        (403, "the token in GITHUB_TOKEN or GH_TOKEN needs the right to do this"),
        (404, "see to the repository's name, and whether the token may see it"),
        (410, "see whether the repository has this feature switched on"),
        (422, "it will not be taken as it is"),
        (499, "it will not be taken as it is"),
    ],
)
def test_what_stays_is_not_tried_again(server: GitHubServer, code: int, advice: str) -> None:
    server.fail("*", fails(code, "Because"))
    said = refusal(lambda: server.client(NAME).get("issues"))
    assert said == f"GitHub refuses GET repos/{NAME}/issues ({code} Because); {advice}"
    assert server.requests == ["GET issues"]


def test_what_was_wrong_with_a_field(server: GitHubServer) -> None:
    line = refusal(lambda: server.client(NAME).post("issues", {"title": ""}))
    assert "(422 Validation Failed: title missing_field)" in line


def test_a_write_that_may_have_happened_is_not_repeated(server: GitHubServer) -> None:
    for fault in (reset(after=True), broken_off(), truncated(), fails(502), slow(1.5)):
        server.fail("POST *", fault)
        before = len(server.exchanges)
        with pytest.raises(NoAnswer) as caught:
            server.client(NAME, timeout=1.0).post("issues", {"title": "A"})
        assert caught.value.happened
        assert len(server.exchanges) == before + 1


def test_a_write_that_did_not_happen_is_repeated(server: GitHubServer) -> None:
    server.fail("POST *", primary_limit(30), secondary_limit(30))
    server.client(NAME).post("issues", {"title": "A"})
    assert [it["title"] for it in server.repository(NAME).issues] == ["A"]


def test_what_does_no_harm_twice_is_repeated(server: GitHubServer) -> None:
    server.repository(NAME).issue("A")
    server.fail("PATCH *", reset(after=True), fails(502), truncated())
    server.client(NAME).patch("issues/1", {"state": "closed"})
    assert server.repository(NAME).issues[0]["state"] == "closed"


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    client = Client(api=url, token=TOKEN, repository=NAME)
    with stamina.set_testing(True, attempts=5, cap=True), pytest.raises(NoAnswer) as caught:
        client.post("issues", {"title": "A"})
    assert not caught.value.happened
    assert "refused); see to the network" in str(caught.value)
    assert capsys.readouterr().out.count("trying again") == 4


def test_pages(server: GitHubServer) -> None:
    for number in range(250):
        server.repository(NAME).issue(f"Number {number}")
    found = list(server.client(NAME).pages("issues"))
    assert [it["title"] for it in found] == [f"Number {number}" for number in reversed(range(250))]
    assert [it.request.query for it in server.exchanges] == [
        {"per_page": "100"},
        {"per_page": "100", "page": "2"},
        {"per_page": "100", "page": "3"},
    ]


def test_only_the_pages_that_are_needed(server: GitHubServer) -> None:
    for number in range(250):
        server.repository(NAME).issue(f"Number {number}")
    assert next(server.client(NAME).pages("issues"))["title"] == "Number 249"
    assert len(server.exchanges) == 1


def test_an_item_that_moves_to_the_next_page_comes_once(server: GitHubServer) -> None:
    repository = server.repository(NAME)
    for number in range(150):
        repository.issue(f"Number {number}")
    pages = server.client(NAME).pages("issues")
    found = [next(pages)]
    repository.issue("New")
    found += pages
    assert len({it["id"] for it in found}) == len(found) == 150


def test_an_empty_page_is_not_the_last(server: GitHubServer) -> None:
    for number in range(150):
        server.repository(NAME).issue(f"Number {number}")
    server.fail("GET issues", empty_page())
    assert len(list(server.client(NAME).pages("issues"))) == 50


def test_fewer_items_than_there_are(server: GitHubServer) -> None:
    for number in range(150):
        server.repository(NAME).check(SHA, f"check {number}", "success")
    for fault, came in ((empty_page(), 50), (half_page(), 100)):
        server.fail("*", fault)
        pages = server.client(NAME).pages(f"commits/{SHA}/check-runs", "check_runs")
        assert refusal(partial(list, pages), Incomplete) == (
            f"GitHub sent {came} of the 150 items of commits/{SHA}/check-runs; try again later"
        )


def test_no_list_at_all(server: GitHubServer) -> None:
    whole: list[object] = [{}, {"check_runs": None}, {"check_runs": [], "total_count": "1"}]
    for content in [*whole, [1], [{}], "issues", None]:
        server.fail("*", instead(ok(content)))
        line = refusal(lambda: list(server.client(NAME).pages("issues", "check_runs")))
        assert line.startswith(f"what answers GET repos/{NAME}/issues is no list of GitHub's; ")


def test_pages_that_go_round_in_a_circle(server: GitHubServer) -> None:
    url = f"{server.url}/repos/{NAME}/issues?page=1"
    server.fail("GET issues", next_page(url), next_page(url))
    assert "go round in a circle" in refusal(lambda: list(server.client(NAME).pages("issues")))


def test_what_is_not_found_has_its_own_error(server: GitHubServer) -> None:
    refusal(lambda: server.client(NAME).get("issues/7"), NotFound)
    refusal(lambda: server.client("llvm/nothing").get(""), NotFound)
