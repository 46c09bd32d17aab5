"""Bumps in a world of repositories on this disk; also the program of those that are processes."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "packaging" / "automation"))

from git_world import World, git
from mlir_release.errors import ReleaseError
from mlir_release.store import Store
from mlir_release.train import bump, snapshot
from mlir_release.train.bump import Options
from mlir_release.train.project import Project
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlir_release.train.snapshot import Outcome

# Three hours after the newest commit of a new world's llvm-project.
NOW = dt.datetime(2026, 11, 22, 5, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Train:
    """A world, and a clone of its project in which bumps are made."""

    world: World
    checkout: Path

    def bump(
        self,
        *,
        green: Collection[str] | None = None,
        now: dt.datetime = NOW,
        remote: str = "origin",
        branch: str | None = None,
        **options: Any,
    ) -> Outcome:
        """Make the next snapshot; ``green`` are the commits whose checks have passed, None for all."""
        return snapshot.bump(
            Project.open(self.checkout, remote=remote, branch=branch),
            Upstream.open(Store.open(self.world.root / "cache"), self.world.upstream.url),
            Options(**options),
            lambda commit: green is None or commit.sha in green,
            now=now,
        )

    def session(self, *options: str, now: dt.datetime = NOW) -> None:
        """The session as it is called, with --any."""
        own = ["--any", "--upstream", self.world.upstream.url, "--cache", str(self.world.root / "cache")]
        bump.run([*own, *options], self.checkout, now=now)

    def everything(self) -> dict[str, object]:
        """What must not change when nothing is done: refs there; files, branches, tags here."""
        git_folder = self.checkout / ".git"
        files = [
            path for path in self.checkout.rglob("*") if path.is_file() and git_folder not in path.parents
        ]
        files += [git_folder / name for name in ("HEAD", "index", "config")]
        here = git(self.checkout, "for-each-ref", "refs/heads", "refs/tags")
        return {"there": self.world.project.refs(), "here": here} | {str(it): it.read_bytes() for it in files}


def start(
    world: World, checkout: Path, *options: str, now: dt.datetime, programs: Path | None = None
) -> subprocess.Popen[str]:
    """Start a bump in a checkout.

    Args:
        world: whose llvm-project it takes.
        checkout: where; its cache is beside it.
        options: those of the session.
        now: what its clock says.
        programs: a folder to look for programs in before all others.
    """
    path = [str(programs)] if programs else []
    env = os.environ | {
        "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "TMPDIR": str(world.root),
    }
    env.pop("GITHUB_OUTPUT", None)
    words = [now.isoformat(), checkout, "--upstream", world.upstream.url, "--cache", f"{checkout}-cache"]
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, words), *options],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A test that kills it must not be killed with it.
        start_new_session=True,
    )


def _main(now: str, root: str, *options: str) -> None:
    try:
        bump.run(options, Path(root), now=dt.datetime.fromisoformat(now))
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main(*sys.argv[1:])
