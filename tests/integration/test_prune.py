"""Retention on a real repository and a stand-in for GitHub."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from git_world import git
from index_samples import OURS, bindings, write_set
from mlir_release.errors import UserError
from mlir_release.git import Remote, Repository
from mlir_release.pin import FILE_NAME
from mlir_release.publishing.index import session as index
from mlir_release.train import bump
from mlir_release.train.home import home_of
from snapshots import FIRST, HOME, NEW, OLD, Train, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Train]:
    with running(tmp_path, monkeypatch) as made:
        yield made


def refused(train: Train, *words: str) -> str:
    """The one line that ends the session; nothing was written."""
    before = train.world.project.refs()
    with pytest.raises(UserError) as caught:
        train.prune(*words)
    assert len(str(caught.value).splitlines()) == 1
    assert train.world.project.refs() == before
    assert len(train.home.releases) == len([FIRST, *OLD, *NEW])
    return str(caught.value)


def test_without_yes_nothing_is_written(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    train.keep(OLD[1])
    before = train.world.project.refs()
    train.prune()
    assert train.world.project.refs() == before
    assert all(it.startswith("GET ") for it in train.server.requests)
    said = capsys.readouterr().out
    assert f"{OLD[0]}  goes" in said
    assert f"{OLD[1]}  stays: on the keep list" in said
    assert f"{FIRST}  stays: the first of its month" in said
    assert "4 would be removed; say --yes" in said
    assert NEW[0] not in said


def test_what_is_old_goes(train: Train) -> None:
    train.prune("--yes")
    assert train.left == [FIRST, *NEW]
    deletions = [it for it in train.server.requests if it.startswith("DELETE ")]
    assert len(deletions) == len(OLD)
    train.prune("--yes")
    assert train.left == [FIRST, *NEW]


def test_what_others_rely_on_stays(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    project, pinned = train.world.project, train.pinned
    line = project.commit(
        "Pin", {FILE_NAME: pinned[OLD[0]]}, branch="release/22.x", parent=project.head()
    )  # the form of 2021
    project.tag("llvm-22.1.8.01", line)
    project.commit("Pin", {FILE_NAME: None}, branch="release/22.x")
    text = train.world.pin_text.replace(train.world.pinned, pinned[OLD[1]])
    project.commit("Pin", {FILE_NAME: text}, branch="user/topic", parent=project.head())
    project.commit("Pages", {"index.html": "x"}, branch="pages", parent=project.head())
    project.commit("Pages", {FILE_NAME: None}, branch="pages")
    train.keep(OLD[2], pinned[OLD[3]], "llvm-22.1.8.01")
    train.home.release("llvm-22.1.8.01")
    train.prune("--yes")
    assert train.left == sorted(["llvm-22.1.8.01", FIRST, *OLD[:4], *NEW])
    said = capsys.readouterr().out
    assert f"{OLD[0]}  stays: llvm-22.1.8.01 pins the same commit" in said
    assert f"{OLD[1]}  stays: branch user/topic pins the same commit" in said


def test_drafts_are_not_touched(train: Train) -> None:
    train.home.releases[-2]["draft"] = True
    train.home.release("snapshot-20260701.01", draft=True)
    train.prune("--yes")
    assert set(train.world.project.tags()) == {FIRST, OLD[0], *NEW}
    assert [it["tag_name"] for it in train.home.releases if it["draft"]] == ["snapshot-20260701.01", OLD[0]]


def test_the_newest_that_people_can_see_stay(train: Train) -> None:
    for release in train.home.releases:
        release["draft"] = release["tag_name"] in NEW
    train.prune("--yes")
    assert train.left == [FIRST, *OLD[-2:], *NEW]


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        (["snapshot-20260803"], "keep has 'snapshot-20260803', which is no tag"),
        (["snapshot-20260803.02"], "there is no tag snapshot-20260803.02, which keep or yanked names"),
        (["f" * 40], "no snapshot pins ffff"),
    ],
)
def test_a_slip_in_the_keep_list_stops_it(train: Train, keep: list[str], said: str) -> None:
    train.keep(*keep)
    found = refused(train, "--yes")
    assert found.startswith("pyproject.toml of origin's main: ")
    assert said in found
    assert found == refused(train)


def test_what_is_yanked_stays(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    train.keep(yanked=(OLD[1],))
    train.prune("--yes")
    assert train.left == [FIRST, OLD[1], *NEW]
    assert f"{OLD[1]}  stays: it is yanked" in capsys.readouterr().out


def test_what_the_lists_name_and_somebody_has_removed_is_a_warning(
    train: Train, capsys: pytest.CaptureFixture[str]
) -> None:
    for tag in OLD[:2]:
        train.delete_tag(tag)
    train.home.releases[:] = [it for it in train.home.releases if it["tag_name"] not in OLD[:2]]
    train.keep(OLD[0], yanked=(OLD[1],))
    train.prune("--yes", options=("--depth=1",))
    assert train.left == [FIRST, *NEW]
    said = capsys.readouterr().out
    for tag in OLD[:2]:
        assert said.count(f"WARNING: {tag} is gone, and pyproject.toml still names it") == 1


def test_the_index_outlives_what_was_yanked_and_removed(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index of the project whose list still names it; a name that never was is a slip."""
    made = write_set(tmp_path / "sets", "24.0.0.dev2026010101", [bindings(OURS)])
    words = ["--from", str(tmp_path / "sets"), "--output", str(tmp_path / "site"), "--cache", str(tmp_path)]
    train.delete_tag(OLD[1])
    train.keep(yanked=(OLD[1],))
    index.run(words, train.world.clone("of-index", "--depth=1"))
    assert f"WARNING: {OLD[1]} is gone, and pyproject.toml still says" in capsys.readouterr().out
    assert made.version in (tmp_path / "site/flat.html").read_text()
    train.keep(yanked=("snapshot-20260804.09",))
    with pytest.raises(UserError, match=r"there is no release snapshot-20260804\.09, which yanked names"):
        index.run(words, train.world.clone("of-slip", "--depth=1"))


def test_a_pin_that_cannot_be_read_stops_it(train: Train) -> None:
    project = train.world.project
    project.commit("Slip", {FILE_NAME: "commit = 1\n"}, branch="topic", parent=project.head())
    assert f"{FILE_NAME} of branch topic: commit is 1" in refused(train, "--yes")


def test_the_repository_on_github_must_be_the_one_of_the_remote(train: Train) -> None:
    clone = train.world.clone("clone")
    # A remote that is called GitHub's, and is the one on this disk.
    git(clone, "config", "remote.origin.url", "https://github.com/another/one.git")
    with pytest.raises(UserError, match=f"GITHUB_REPOSITORY is {HOME}, but origin is another/one"):
        home_of(Remote(repository=Repository.open(clone), name="origin"))


@pytest.mark.parametrize("lost", ["tag", "release"])
def test_what_has_lost_its_other_half_goes_too(train: Train, lost: str) -> None:
    if lost == "tag":
        train.delete_tag(OLD[1])
    else:
        train.home.releases[:] = [it for it in train.home.releases if it["tag_name"] != OLD[1]]
    train.prune("--yes", options=("--depth=1",))
    assert train.left == [FIRST, *NEW]


def test_a_release_of_which_nothing_is_known_stays(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    train.home.release("snapshot-20260804.02")
    train.prune("--yes")
    assert "snapshot-20260804.02  stays: what it pins is not known" in capsys.readouterr().out
    assert {it["tag_name"] for it in train.home.releases} == {"snapshot-20260804.02", FIRST, *NEW}


def test_what_somebody_comes_to_rely_on_meanwhile_stays(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = train.home.answer

    def meanwhile(request: Any) -> Any:
        if request.method == "DELETE" and "refs/heads/topic" not in train.world.project.refs():
            text = train.pinned[OLD[2]]
            train.world.project.commit("Pin", {FILE_NAME: text}, branch="topic")
        return answer(request)

    monkeypatch.setattr(train.home, "answer", meanwhile)
    train.prune("--yes")
    assert train.left == [FIRST, OLD[2], *NEW]
    assert f"{OLD[2]} is left: things have changed" in capsys.readouterr().out


def test_a_removed_name_is_never_taken_again(train: Train) -> None:
    train.prune("--yes")
    for tag in [FIRST, *NEW]:  # somebody removes these by hand
        train.delete_tag(tag)
    words = ["--any", "--upstream", train.world.upstream.url, "--cache", str(train.world.root / "cache")]
    for day in (1, 5):
        now = dt.datetime(2026, 8, day, tzinfo=dt.UTC)
        bump.run([*words, "--force"], train.world.root / "clone", now=now)
    assert sorted(train.world.project.tags()) == ["snapshot-20261122.02", "snapshot-20261122.03"]
