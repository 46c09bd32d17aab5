"""Pushing several refs at once: all of them, or none."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from git_world import World
from mlir_release.git import OutOfReach, Rejected, Remote, Repository, Update

if TYPE_CHECKING:
    from pathlib import Path

WHEN = dt.datetime(2026, 11, 22, 5, 30, tzinfo=dt.UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def clone(world: World) -> Repository:
    return Repository.open(world.clone("clone"))


@pytest.fixture
def origin(clone: Repository) -> Remote:
    return Remote(repository=clone, name="origin")


@pytest.fixture
def made(world: World, clone: Repository) -> str:
    return clone.commit_file(world.project.head(), "x", "1", message="made", when=WHEN)


def updates(head: str | None, after: str) -> list[Update]:
    return [
        Update(ref="refs/heads/main", before=head, after=after),
        Update(ref="refs/tags/new", before=None, after=after),
    ]


def test_all_of_it(world: World, origin: Remote, made: str) -> None:
    origin.push(updates(world.project.head(), made))
    assert world.project.refs() == {"refs/heads/main": made, "refs/tags/new": made}


def test_deleting(world: World, origin: Remote) -> None:
    head = world.project.head()
    world.project.tag("old", head)
    origin.push([Update(ref="refs/tags/old", before=world.project.refs()["refs/tags/old"], after=None)])
    assert world.project.refs() == {"refs/heads/main": head}


@pytest.mark.parametrize("moved", ["branch", "tag", "both"])
def test_nothing_of_it_when_one_ref_has_changed(world: World, origin: Remote, made: str, moved: str) -> None:
    head = world.project.head()
    if moved != "tag":
        world.project.commit("faster", {"y": "1"})
    if moved != "branch":
        world.project.tag("new", head)
    before = world.project.refs()
    with pytest.raises(Rejected, match=r"origin did not take the push: .*stale info"):
        origin.push(updates(head, made))
    assert world.project.refs() == before


def test_the_very_same_is_somebody_elses(world: World, origin: Remote, made: str) -> None:
    head = world.project.head()
    origin.push(updates(head, made))
    with pytest.raises(Rejected, match="up to date"):
        origin.push(updates(head, made))


def test_a_hook_declines(world: World, origin: Remote, made: str) -> None:
    hook = world.project.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = world.project.refs()
    with pytest.raises(Rejected) as caught:
        origin.push(updates(world.project.head(), made))
    assert caught.value.reasons == ("[remote rejected] (pre-receive hook declined)",)
    assert world.project.refs() == before


def test_out_of_reach(world: World, origin: Remote, made: str) -> None:
    head = world.project.head()
    world.project.path.rename(world.root / "away")
    with pytest.raises(OutOfReach, match="origin cannot be pushed to: "):
        origin.push(updates(head, made))
