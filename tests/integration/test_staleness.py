"""The watchdog, against a stand-in for GitHub."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from git_world import git
from github_messages import broken_off, fails, reset
from github_server import GitHubServer
from index_world import StaticServer
from mlir_release import tags
from mlir_release.errors import ReleaseError, UserError
from mlir_release.tags import Snapshot
from mlir_release.train import watchdog
from mlir_release.train.watchdog import Index, Stale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from github_repository import Repository

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOME = "somebody/mlir-py-release"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        server.repository(HOME)
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def home(github: GitHubServer) -> Repository:
    return github.repository(HOME)


def write_index(folder: Path, names: Iterable[str]) -> None:
    """An index of mlir-sdk that lists these snapshots."""
    page = folder / "simple/mlir-sdk/index.html"
    page.parent.mkdir(parents=True)
    versions = [tag.version("24.0.0git") for tag in tags.known(names) if isinstance(tag, Snapshot)]
    files = [f"mlir_sdk-{version}-py3-none-win_amd64.whl" for version in versions]
    page.write_text("".join(f'<a href="{name}">{name}</a>' for name in files))


def look(
    github: GitHubServer, *, issue: bool = True, now: dt.datetime = NOW, listed: Iterable[str] | None = None
) -> str | None:
    """What the watchdog complains of; the index lists some releases, by default all."""
    client = github.client(HOME)
    every = [it["tag_name"] for it in github.repository(HOME).releases]
    try:
        with TemporaryDirectory() as folder, StaticServer(Path(folder)) as site:
            write_index(site.folder, every if listed is None else listed)
            index = Index(url=f"{site.url}/simple/", projects=("mlir-sdk",))
            watchdog.watch(client, index, now=now, issue=issue)
    except Stale as stale:
        return str(stale)
    return None


def hours_ago(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


def still_open(home: Repository) -> list[int]:
    return [it["number"] for it in home.issues if it["state"] == "open"]


@pytest.mark.parametrize(("hours", "stale"), [(0, False), (26, False), (26.01, True), (999, True)])
def test_twenty_six_hours(github: GitHubServer, home: Repository, hours: float, *, stale: bool) -> None:
    home.release("snapshot-20261122.01", hours_ago(hours))
    assert (look(github, issue=False) is not None) == stale
    assert {it.split()[0] for it in github.requests} == {"GET"}


@pytest.mark.parametrize(("hours", "stale"), [(2, False), (2.01, True)])
def test_a_release_that_does_not_come_into_the_index(
    github: GitHubServer, home: Repository, hours: float, *, stale: bool
) -> None:
    home.release("snapshot-20261122.01", hours_ago(25))
    home.release("snapshot-20261123.01", hours_ago(hours))
    found = look(github, listed=["snapshot-20261122.01"])
    assert ("/simple/ does not list snapshot-20261123.01, published" in str(found)) == stale
    assert still_open(home) == ([1] if stale else [])
    assert look(github) is None
    assert still_open(home) == []


def test_an_index_that_is_gone_or_cannot_be_asked(github: GitHubServer, home: Repository) -> None:
    home.release("snapshot-20261123.01", hours_ago(3))
    assert "/simple/ does not list snapshot-20261123.01" in str(look(github, listed=[]))
    for url, said in (("http://127.0.0.1:1/", "does not answer"), ("nowhere", "does not answer")):
        index = Index(url=url, projects=("mlir-sdk",))
        waitless = stamina.set_testing(True, attempts=3, cap=True)
        with waitless, pytest.raises(Stale, match=f"^the package index cannot be read: .*{said}"):
            watchdog.watch(github.client(HOME), index, now=NOW, issue=False)


def test_it_is_no_mistake_of_the_user() -> None:
    assert issubclass(Stale, ReleaseError)
    assert not issubclass(Stale, UserError)


def test_only_published_snapshots_count(github: GitHubServer, home: Repository) -> None:
    assert look(github) == "there is no published snapshot"
    home.release("snapshot-20261123.02", draft=True)
    # One that was public, and is a draft again.
    home.release("snapshot-20261123.01", hours_ago(1))["draft"] = True
    home.release("llvm-22.1.8.01", hours_ago(1))
    home.release("nightly", hours_ago(1))
    assert look(github) == "there is no published snapshot"
    for number in range(1, 40):
        home.release(f"snapshot-20261101.{number:02}", hours_ago(30 * 24), prerelease=True)
    # Published late: it does not make the train run.
    home.release("snapshot-20261001.01", hours_ago(2))
    found = look(github)
    newest = "snapshot-20261101.39, published 2026-10-24 05:00 UTC"
    assert found == f"no snapshot for more than 26 hours: the newest is {newest}"


def test_clocks_may_differ_by_minutes(github: GitHubServer, home: Repository) -> None:
    home.release("snapshot-20261123.01", NOW + dt.timedelta(minutes=9))
    assert look(github) is None
    with pytest.raises(UserError, match="is of the future: set the clock of this machine"):
        look(github, now=NOW - dt.timedelta(minutes=2))


def test_one_issue_from_the_first_complaint_to_the_next_snapshot(
    github: GitHubServer, home: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.issue("Somebody's own", "body", ("release-train",))
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", HOME)
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    home.release("snapshot-20261121.01", hours_ago(40))
    for _ in range(3):
        assert look(github)
    assert still_open(home) == [2, 1]
    assert home.comments == []
    opened: dict[str, Any] = home.issues[0]
    assert opened["title"] == "The release train stands still"
    assert opened["body"].startswith("No snapshot for more than 26 hours: the newest is snapshot-20261121.01")
    assert f"https://github.com/{HOME}/actions/runs/77" in opened["body"]
    assert [it["name"] for it in opened["labels"]] == ["release-train"]

    home.release("snapshot-20261123.01", hours_ago(1))
    for _ in range(2):
        assert look(github) is None
    assert still_open(home) == [1]
    (comment,) = home.comments
    assert comment["body"].startswith("The release train runs again: snapshot-20261123.01")

    assert look(github, now=NOW + dt.timedelta(days=2))
    assert still_open(home) == [3, 1]


@pytest.mark.parametrize("fault", [reset(after=True), broken_off(after=True)])
def test_a_lost_answer_opens_no_second_issue(github: GitHubServer, home: Repository, fault: Any) -> None:
    github.fail("POST issues", fault)
    for _ in range(2):
        assert look(github)
    assert still_open(home) == [1]
    assert github.requests.count("POST issues") == 1


def test_issues_of_watchdogs_that_were_stopped_become_one(github: GitHubServer, home: Repository) -> None:
    for number in range(3):
        home.issue(f"Stale {number}", f"text\n\n{watchdog.SUBJECT.marker}", (watchdog.SUBJECT.label,))
    for _ in range(2):
        assert look(github)
    assert still_open(home) == [1]
    assert len(home.comments) == 2


def test_two_watchdogs_at_once(
    github: GitHubServer, home: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other one opens its issue after this one has looked, and before it opens its own.
    answer = home.answer

    def late(request: Any) -> Any:
        if request.method == "POST" and not home.issues:
            home.issue("The other's", f"text\n\n{watchdog.SUBJECT.marker}", (watchdog.SUBJECT.label,))
        return answer(request)

    monkeypatch.setattr(home, "answer", late)
    assert look(github)
    assert still_open(home) == [1]
    assert [it["title"] for it in home.issues][-1] == "The other's"
    assert len(home.comments) == 1


def test_an_issue_that_cannot_be_opened_does_not_hide_the_complaint(
    github: GitHubServer, home: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    github.fail("POST issues", fails(403, "Resource not accessible by integration"))
    with pytest.raises(UserError, match="Resource not accessible"):
        look(github)
    assert "there is no published snapshot" in capsys.readouterr().out
    assert home.issues == []


def test_the_session_finds_its_repository(
    github: GitHubServer, home: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    git(tmp_path, "init", "--quiet")
    with pytest.raises(UserError, match="set GITHUB_REPOSITORY to OWNER/NAME"):
        watchdog.run([], tmp_path)
    git(tmp_path, "remote", "add", "origin", f"git@github.com:{HOME}.git")
    home.release("snapshot-20261123.01", dt.datetime.now(dt.UTC) - dt.timedelta(hours=3))
    packaged = tmp_path / "packaging/mlir-sdk/pyproject.toml"
    packaged.parent.mkdir(parents=True)
    packaged.write_text(
        'build-system.requires = []\n[project]\nname = "mlir_sdk"\n'
        '[tool.mlir-release]\nmade-per = "platform"\n'
    )
    with StaticServer(tmp_path / "web") as site:
        words = ["--issue", "--url", site.url]
        with pytest.raises(Stale, match=f"^{site.url}/simple/ does not list snapshot-20261123.01"):
            watchdog.run(words, tmp_path)
        write_index(site.folder, ["snapshot-20261123.01"])
        watchdog.run(words, tmp_path)
    github.repository("another/one")
    monkeypatch.setenv("GITHUB_REPOSITORY", "another/one")
    with pytest.raises(Stale, match="there is no published snapshot"):
        watchdog.run([], tmp_path)
    with pytest.raises(UserError, match="the options are: "):
        watchdog.run(["--isue"], tmp_path)
