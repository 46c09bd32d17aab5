"""Twenty bumps at once: all of them get a tag and a commit of their own."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import TYPE_CHECKING

import bumping
from git_world import World
from mlir_release import tags

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 20
NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
SET_BACK = {7: dt.timedelta(days=3), 13: dt.timedelta(hours=9)}


def test_twenty_bumps_at_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    start = world.project.head()
    clones = [world.clone(f"clone-{number}") for number in range(COUNT)]
    bumps = [
        bumping.start(world, clone, "--any", "--force", now=NOW - SET_BACK.get(number, dt.timedelta()))
        for number, clone in enumerate(clones)
    ]
    said = [bump.communicate()[0] for bump in bumps]
    assert [bump.returncode for bump in bumps] == [0] * COUNT, "\n".join(said)

    assert any("starting over" in text for text in said), "they have not met"

    branch = world.project.log()[::-1]
    assert branch[0] == start
    assert len(branch) == COUNT + 1
    by_commit = {commit: name for name, commit in world.project.tags().items()}
    # One tag on each commit of the branch, and none elsewhere.
    assert len(world.project.tags()) == COUNT
    in_order = [
        tag for commit in branch[1:] if isinstance(tag := tags.parse(by_commit[commit]), tags.Snapshot)
    ]
    assert len(in_order) == COUNT
    assert all(older < newer for older, newer in itertools.pairwise(in_order))
    # Each process has told of another one.
    told = [re.search(r"^ {3}tag +(\S+)$", text, re.MULTILINE) for text in said]
    assert {it[1] for it in told if it} == set(world.project.tags())
    commits = [re.search(r"^ {3}commit +(\S+)$", text, re.MULTILINE) for text in said]
    assert {it[1] for it in commits if it} == set(branch[1:])
