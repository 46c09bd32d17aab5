"""Bumps from checkouts, clocks and remotes that are not as one would wish: real git on this disk."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bumping import NOW, Train
from git_world import World, git
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.git import OutOfReach, Rejected, Update
from mlir_release.pin import FILE_NAME
from mlir_release.train import bump
from mlir_release.train.project import Overtaken, Project

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.train.project import State

FIRST = "snapshot-20261122.01"
DAY = dt.timedelta(days=1)


@pytest.fixture
def train(tmp_path: Path) -> Train:
    world = World(tmp_path)
    return Train(world, world.clone("clone"))


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


class TestNames:
    def test_a_clock_that_goes_backwards(self, train: Train) -> None:
        train.bump()
        found = [train.bump(force=True, now=NOW - days * DAY).tag for days in (1, 400)]
        assert [str(tag) for tag in found] == ["snapshot-20261122.02", "snapshot-20261122.03"]
        # When it is right again, so are the tags.
        assert str(train.bump(force=True, now=NOW + DAY).tag) == "snapshot-20261123.01"

    def test_a_clock_in_another_time_zone(self, train: Train) -> None:
        west = NOW.astimezone(dt.timezone(dt.timedelta(hours=-11)))
        assert west.date() < NOW.date()
        assert str(train.bump(now=west).tag) == FIRST

    def test_a_day_with_99_tags(self, train: Train) -> None:
        train.world.project.tag("snapshot-20261122.98", train.world.project.head())
        assert str(train.bump(force=True).tag) == "snapshot-20261122.99"
        before = train.everything()
        with pytest.raises(UserError, match=r"snapshot-20261122\.99 is the last tag of its day"):
            train.bump(force=True)
        assert train.everything() == before
        assert str(train.bump(force=True, now=NOW + DAY).tag) == "snapshot-20261123.01"

    @pytest.mark.parametrize("annotated", [True, False])
    def test_a_tag_that_is_only_on_the_remote(self, train: Train, *, annotated: bool) -> None:
        elsewhere = train.world.project.commit("elsewhere", {"x": "1"}, branch="elsewhere")
        train.world.project.tag("snapshot-20261122.07", elsewhere, annotated=annotated)
        assert str(train.bump().tag) == "snapshot-20261122.08"

    def test_a_local_tag_of_the_name_is_nobodys_business(self, train: Train) -> None:
        git(train.checkout, "tag", FIRST)
        assert str(train.bump().tag) == FIRST
        assert set(train.world.project.tags()) == {FIRST}

    @pytest.mark.parametrize("options", [(), ("--depth=1",), ("--filter=blob:none",)])
    def test_a_name_is_not_taken_again_when_its_tag_is_removed(
        self, train: Train, options: tuple[str, ...]
    ) -> None:
        train.bump()
        git(train.world.project.path, "tag", "--delete", FIRST)
        train.world.project.commit("later", {"x": "1"})
        other = Train(train.world, train.world.clone("other", *options))
        assert str(other.bump().tag) == "snapshot-20261122.02"

    def test_other_tags_do_not_count(self, train: Train) -> None:
        for name in ("v1", "snapshot-20261122.00", "snapshot-20261301.01", "llvm-22.1.8.01"):
            train.world.project.tag(name, train.world.project.head())
        assert str(train.bump().tag) == FIRST


class TestCheckout:
    def test_detached(self, train: Train, capsys: pytest.CaptureFixture[str]) -> None:
        git(train.checkout, "switch", "--quiet", "--detach")
        before = train.everything()
        train.session()
        self.assert_left(train, before, "is detached", capsys)

    def test_dirty(self, train: Train, capsys: pytest.CaptureFixture[str]) -> None:
        (train.checkout / FILE_NAME).write_text("staged")
        git(train.checkout, "add", FILE_NAME)
        (train.checkout / FILE_NAME).write_text("nonsense")
        (train.checkout / "patches/0001-python-3.9.patch").unlink()
        before = train.everything()
        train.session()
        self.assert_left(train, before, "has changes", capsys)
        pins.parse(train.world.project.text(FIRST, FILE_NAME), "")

    def assert_left(
        self, train: Train, before: dict[str, object], state: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        after = train.everything()
        assert after.pop("there") != before.pop("there")
        assert after == before
        said = f"   the checkout {state}: it is left as it is, origin's main is what counts\n"
        assert said in capsys.readouterr().out
        assert set(train.world.project.tags()) == {FIRST}

    def test_shallow(self, train: Train, capsys: pytest.CaptureFixture[str]) -> None:
        parent = train.world.project.commit("later", {"x": "1"})
        shallow = Train(train.world, train.world.clone("shallow", "--depth=1"))
        before = shallow.everything()
        head = shallow.bump().commit
        assert train.world.project.log()[:2] == [head, parent]
        assert shallow.everything() | {"there": 0} == before | {"there": 0}
        assert "the checkout is shallow" in capsys.readouterr().out

    def test_behind(self, train: Train) -> None:
        train.world.project.commit("later", {"x": "1"})
        train.bump()
        assert train.world.project.text("main", "x") == "1"

    def test_no_identity(self, train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("user.name", "user.email"):
            git(train.checkout, "config", "--unset", name)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        before = train.everything()
        with pytest.raises(UserError, match=r"git does not know who commits; say git config user.name"):
            train.session()
        assert train.everything() == before

    def test_settings_of_the_user_push_nothing_else(self, train: Train) -> None:
        git(train.checkout, "tag", "--annotate", "--message=mine", "mine")
        for name, value in (("push.followTags", "true"), ("fetch.prune", "true"), ("tag.gpgSign", "true")):
            git(train.checkout, "config", name, value)
        train.bump()
        assert set(train.world.project.tags()) == {FIRST}

    def test_no_checkout(self, train: Train) -> None:
        with pytest.raises(UserError, match="is not a git checkout"):
            bump.run([], train.checkout / "patches")


class TestRemote:
    def test_out_of_reach(self, train: Train) -> None:
        shutil.move(train.world.project.path, train.world.root / "away")
        with pytest.raises(
            OutOfReach, match=r"origin cannot be read: .* does not appear to be a git repository"
        ):
            train.session()

    def test_upstream_out_of_reach(self, train: Train) -> None:
        shutil.move(train.world.upstream.path, train.world.root / "away")
        before = train.everything()
        with pytest.raises(OutOfReach, match=r"origin does not give|does not appear"):
            train.session()
        assert train.everything() == before

    def test_no_such_branch(self, train: Train) -> None:
        with pytest.raises(UserError, match="origin has no branch next; name one with --branch"):
            train.bump(branch="next")

    def test_no_main_branch(self, train: Train) -> None:
        (train.world.project.path / "HEAD").write_text(f"{train.world.project.head()}\n")
        with pytest.raises(UserError, match="does not say which branch is its main one; say --branch NAME"):
            train.bump()
        assert train.bump(branch="main").tag

    def test_no_pin(self, train: Train) -> None:
        train.world.project.commit("no pin", {FILE_NAME: None})
        with pytest.raises(pins.BadPin, match=r"llvm-project\.version of .*: it is empty"):
            train.bump()

    def test_a_snapshot_with_a_bad_pin_does_not_count(
        self, train: Train, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bad = train.world.project.commit("bad", {FILE_NAME: "?"}, branch="bad")
        train.world.project.tag(FIRST, bad)
        assert str(train.bump().tag) == "snapshot-20261122.02"
        assert f"what {FIRST} pins does not count" in capsys.readouterr().out

    @pytest.mark.parametrize("hook", ["pre-receive", "update"])
    def test_a_hook_that_declines_is_an_error_and_not_tried_again(self, train: Train, hook: str) -> None:
        calls = train.world.root / "calls"
        # An update hook is asked for each ref: this one would let the branch pass.
        refuse = 'case "$1" in *tags*|"") exit 1;; esac\n'
        script(train.world.project.path / "hooks" / hook, f"echo called >>{calls}\n{refuse}")
        before = train.everything()
        with pytest.raises(Rejected, match=r"origin did not take the push: .*hook declined"):
            train.bump()
        assert train.everything() == before
        assert calls.read_text() == "called\n" * (1 if hook == "pre-receive" else 2)

    def test_an_answer_that_is_lost(
        self, train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lost = f'case "$*" in *" push "*) {shutil.which("git")} "$@" >/dev/null 2>&1; exit 128;; esac\n'
        script(train.world.root / "bin/git", f'{lost}exec {shutil.which("git")} "$@"\n')
        monkeypatch.setenv("PATH", f"{train.world.root / 'bin'}{os.pathsep}{os.environ['PATH']}")
        assert train.bump().commit == train.world.project.head()
        assert "origin did not answer, but has taken the push" in capsys.readouterr().out

    def test_a_branch_that_moves_meanwhile(self, train: Train, capsys: pytest.CaptureFixture[str]) -> None:
        landing = Landing(train, moves=1)
        made = Project.open(train.checkout).land(landing.plan)
        assert train.world.project.log() == [made, *landing.heads[::-1]]
        assert len(landing.heads) == 2
        assert (
            "   somebody else has just changed origin: starting over from there\n" in capsys.readouterr().out
        )

    def test_a_branch_that_never_stops_moving(self, train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mlir_release.train.project._RACE_SECONDS", 1.0)
        with pytest.raises(Overtaken, match=r"stale info.*; others were always faster, start again"):
            Project.open(train.checkout).land(Landing(train, moves=1000).plan)


@dataclass
class Landing:
    """Plans a commit, while somebody else is faster a few times."""

    train: Train
    moves: int
    heads: list[str] = field(default_factory=list)

    def plan(self, state: State) -> tuple[list[Update], str]:
        assert state.head
        if len(self.heads) < self.moves:
            self.train.world.project.commit("faster", {"x": str(len(self.heads))})
        self.heads.append(state.head)
        project = Project.open(self.train.checkout)
        project.bring(state.head)
        made = project.repository.commit_file(state.head, "y", "1", message="planned", when=NOW)
        return [Update(ref="refs/heads/main", before=state.head, after=made)], made
