"""llvm-project's history through real git, from a bare repository on this disk."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from git_world import RELEASE, START, World, git, version_file
from mlir_release.errors import UserError
from mlir_release.git import OutOfReach, Repository
from mlir_release.source.layout import VERSION_FILE
from mlir_release.store import Store
from mlir_release.train.upstream import Commit, Upstream

if TYPE_CHECKING:
    from pathlib import Path

HOUR = dt.timedelta(hours=1)
ABSENT = "1" * 40


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def upstream(world: World) -> Upstream:
    return Upstream.open(Store.open(world.root / "store"), world.upstream.url)


def out_of_reach(world: World) -> None:
    world.upstream.path.rename(world.root / "away")


class TestCommits:
    def test_newest_first(self, world: World, upstream: Upstream) -> None:
        found = upstream.commits("main", 100)
        assert [commit.sha for commit in found] == world.upstream.log()
        assert found[0] == Commit(
            sha=world.newest, committed=START + 2 * HOUR, subject="[mlir] Change something"
        )
        assert str(found[0]) == f"{world.newest[:9]} of 2026-11-22 02:00, [mlir] Change something"

    def test_not_more_than_asked_nor_fetched(self, world: World, upstream: Upstream) -> None:
        assert [it.sha for it in upstream.commits("main", 2)] == [world.newest, world.cut]
        assert not upstream.repository.has(world.upstream.log()[2])
        assert len(upstream.commits("main", 3)) == 3

    def test_the_first_line_of_merges(self, world: World, upstream: Upstream) -> None:
        side = world.upstream.commit("side", {"s": "1"}, branch="side", parent=world.cut)
        merge = world.upstream.commit("merge", {"s": "1"}, merged=side)
        assert [it.sha for it in upstream.commits("main", 3)] == [merge, world.newest, world.cut]

    def test_new_ones_are_seen_and_lost_ones_are_not(self, world: World, upstream: Upstream) -> None:
        upstream.commits("main", 100)
        later = world.upstream.commit("later", {"x": "1"})
        assert upstream.commits("main", 1)[0].sha == later
        forced = world.upstream.commit("forced", {"x": "2"}, parent=world.cut)
        assert [it.sha for it in upstream.commits("main", 2)] == [forced, world.cut]

    @pytest.mark.parametrize("subject", ["a\x1fb\x0bc\x1c d\u2028e", "tab\there\rand there", "é ü", ""])
    def test_odd_subjects(self, world: World, upstream: Upstream, subject: str) -> None:
        sha = world.upstream.commit(subject, {"x": "1"})
        found = upstream.commits("main", 2)
        assert [it.sha for it in found] == [sha, world.newest]
        assert found[0].subject == " ".join(subject.split())

    def test_another_branch(self, world: World, upstream: Upstream) -> None:
        assert upstream.commits("release/22.x", 1)[0].sha == world.pinned

    def test_no_such_branch(self, upstream: Upstream) -> None:
        with pytest.raises(OutOfReach, match="couldn't find remote ref refs/heads/none"):
            upstream.commits("none", 1)

    def test_out_of_reach(self, world: World, upstream: Upstream) -> None:
        out_of_reach(world)
        with pytest.raises(OutOfReach, match="does not give"):
            upstream.commits("main", 1)

    def test_what_a_killed_git_has_locked(self, world: World, upstream: Upstream) -> None:
        upstream.commits("main", 1)
        path = upstream.repository.path
        for name in ("shallow.lock", "refs/heads/main.lock", "config.lock"):
            (path / name).write_text("")
        later = world.upstream.commit("later", {"x": "1"})
        again = Upstream.open(upstream.store, upstream.url)
        assert again == upstream
        assert again.commits("main", 1)[0].sha == later

    def test_a_checkout_of_the_users_is_not_fetched_into(self, world: World, upstream: Upstream) -> None:
        git(world.root, "clone", "--quiet", world.upstream.url, "own")
        (world.root / "own/poetry.lock").write_text("mine")
        own = Upstream(store=upstream.store, url="own", repository=Repository.open(world.root / "own"))
        assert own.version(world.newest) == "24.0.0git"
        with pytest.raises(AssertionError):
            own.ensure(ABSENT)
        assert (world.root / "own/poetry.lock").read_text() == "mine"


class TestOneCommit:
    def test_of_a_tag(self, world: World, upstream: Upstream) -> None:
        world.upstream.tag("light", world.cut, annotated=False)
        world.upstream.tag(f"x{RELEASE}", world.cut)
        assert upstream.resolve(RELEASE) == world.pinned
        assert upstream.resolve("light") == world.cut
        with pytest.raises(UserError, match=r"has no tag llvmorg-22\.1; name one that is there"):
            upstream.resolve("llvmorg-22.1")

    @pytest.mark.parametrize(
        ("said", "version"), [("22.1.8", "22.1.8"), ("23.1.0-rc1", "23.1.0rc1"), ("24.0.0git", "24.0.0git")]
    )
    def test_its_version(self, world: World, upstream: Upstream, said: str, version: str) -> None:
        sha = world.upstream.commit("version", {VERSION_FILE: version_file(said)})
        assert upstream.version(sha) == version

    def test_it_is_fetched_alone_when_it_is_needed(self, world: World, upstream: Upstream) -> None:
        assert upstream.commit(world.cut).subject == "Bump version to 24.0.0git"
        first = world.upstream.log()[-1]
        assert not upstream.repository.has(first)
        out_of_reach(world)
        upstream.ensure(world.cut)
        with pytest.raises(OutOfReach):
            upstream.ensure(first)

    def test_no_such_commit(self, upstream: Upstream) -> None:
        with pytest.raises(OutOfReach, match="not our ref"):
            upstream.version(ABSENT)

    def test_its_files(self, world: World, upstream: Upstream, tmp_path: Path) -> None:
        into = tmp_path / "into"
        into.mkdir()
        upstream.put(world.newest, ["mlir/python/x.py", "mlir/none"], into)
        assert [str(it.relative_to(into)) for it in into.rglob("*.*")] == ["mlir/python/x.py"]
        assert (into / "mlir/python/x.py").read_text() == "x = 1\n"

    def test_a_file_that_is_out_of_reach(self, world: World, upstream: Upstream, tmp_path: Path) -> None:
        upstream.ensure(world.newest)
        out_of_reach(world)
        with pytest.raises(OutOfReach, match="does not give a file that is needed"):
            upstream.version(world.newest)
        with pytest.raises(OutOfReach, match="are not to be had"):
            upstream.put(world.newest, ["mlir/python/x.py"], tmp_path)

    def test_a_server_that_knows_no_filters(self, world: World, upstream: Upstream) -> None:
        git(world.upstream.path, "config", "uploadpack.allowFilter", "false")
        assert upstream.version(upstream.commits("main", 1)[0].sha) == "24.0.0git"


class TestLog:
    def test_what_touches_a_path(self, world: World, upstream: Upstream) -> None:
        world.upstream.commit("elsewhere", {"llvm/x": "1"})
        later = world.upstream.commit("again", {"mlir/python/y.py": "1"})
        upstream.commits("main", 100)
        found = upstream.log(world.cut, later, ["mlir/python"])
        assert found is not None
        assert [commit.sha for commit in found] == [later, world.newest]
        assert upstream.log(later, later, ["mlir"]) == ()

    def test_none_unless_it_is_at_hand(self, world: World, upstream: Upstream) -> None:
        assert upstream.log(world.cut, world.newest, ["mlir"]) is None
        upstream.commits("main", 1)
        assert upstream.log(world.cut, world.newest, ["mlir"]) is None
        upstream.ensure(world.cut)
        upstream.ensure(world.pinned)
        assert upstream.log(world.pinned, world.newest, ["mlir"]) is None
        upstream.commits("main", 2)
        assert upstream.log(world.cut, world.newest, ["mlir"]) is not None
