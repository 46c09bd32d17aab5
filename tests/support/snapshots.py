"""A project that has snapshots, as tags and as releases on a stand-in for GitHub."""

from __future__ import annotations

import datetime as dt
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from git_world import World, git
from github_server import GitHubServer
from mlir_release.pin import FILE_NAME
from mlir_release.train import prune, retention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from github_repository import Repository

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOME = "somebody/mlir-py-release"
# The first of its month and of its week, which stays; the others of that week.
FIRST = "snapshot-20260803.01"
OLD = [f"snapshot-202608{day:02}.01" for day in range(4, 9)]
NEW = ["snapshot-20261121.01", "snapshot-20261122.01"]


@dataclass
class Train:
    """This project with two new snapshots and six old ones, and a release for each of them.

    Each pins a commit of its own, as ``pinned`` says.
    """

    world: World
    home: Repository
    server: GitHubServer
    pinned: dict[str, str] = field(default_factory=dict)

    def snapshot(self, tag: str, pinned: str) -> None:
        text = self.world.pin_text.replace(self.world.pinned, pinned)
        commit = self.world.project.commit(f"Snapshot {tag}\n\nSnapshot: {tag}\n", {FILE_NAME: text})
        self.world.project.tag(tag, commit)
        self.home.release(tag)
        self.pinned[tag] = pinned

    def prune(self, *words: str, options: tuple[str, ...] = ()) -> None:
        if not (self.world.root / "clone").exists():
            self.world.clone("clone", *options)
        prune.run(words, self.world.root / "clone", now=NOW)

    def keep(self, *entries: str, yanked: tuple[str, ...] = ()) -> None:
        withdrawn = ", ".join(f'"{tag}" = "crashes"' for tag in yanked)
        text = f"[tool.mlir-release]\nkeep = {[*entries]!r}\nyanked = {{ {withdrawn} }}\n"
        self.world.project.commit("Keep", {"pyproject.toml": text})

    @property
    def left(self) -> list[str]:
        """The snapshots that are whole; there are none that are not."""
        tags = sorted(self.world.project.tags())
        assert tags == sorted(it["tag_name"] for it in self.home.releases)
        return tags

    def delete_tag(self, tag: str) -> None:
        git(self.world.project.path, "tag", "--delete", tag)


@contextmanager
def running(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Train]:
    """A train in a folder; the newest that are kept are two, not sixty, as the unit tests have it."""
    patch.setattr(retention, "KEPT_NEWEST", 2)
    with GitHubServer() as server:
        for name, value in {**server.environment, "GITHUB_REPOSITORY": HOME}.items():
            patch.setenv(name, value)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        made = Train(world=World(folder), home=server.repository(HOME), server=server)
        for number, tag in enumerate([FIRST, *OLD, *NEW]):
            made.snapshot(tag, f"{number:040x}")
        yield made
