"""``nox -s release-branch``: the branch of a release line, with the pin of an upstream release on it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from mlir_release import log, versions
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.git import Update
from mlir_release.pin import FILE_NAME, Pin
from mlir_release.store import Store
from mlir_release.train import numbered
from mlir_release.train.fit import ensure_fit
from mlir_release.train.project import Project
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.train.numbered import Wanted
    from mlir_release.train.project import State


@dataclass(frozen=True, kw_only=True)
class Options(numbered.Options):
    """Those of numbered releases, and what a new branch starts from: None for the remote's main one."""

    branch_from: str | None = None


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = numbered.parser()
    parser.add_argument("--branch-from", metavar="BRANCH")
    return Options(**vars(parser.parse_args(arguments)))


def run(arguments: Sequence[str], root: Path, *, now: dt.datetime | None = None) -> None:
    """The session: see that the branch of a release is on the remote, and pins it.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        now: by default the clock's time.

    Raises:
        UserError: it cannot be done; nothing was changed then.
        ToolFailed: git failed.
    """
    options = parse(arguments)
    wanted = numbered.read_wanted(options.release)
    project = Project.open(root, remote=options.remote, branch=options.branch_from)
    project.prepare()
    upstream = Upstream.open(Store.open(options.cache), options.upstream)
    make(project, upstream, wanted, dry_run=options.dry_run, now=now or dt.datetime.now(dt.UTC))


def make(project: Project, upstream: Upstream, wanted: Wanted, *, dry_run: bool, now: dt.datetime) -> str:
    """See that the branch of a release is on the remote, and pins it.

    Args:
        project: a new branch starts from its branch.
        upstream: where the release is.
        wanted: the release.
        dry_run: only say what would be done.
        now: with a time zone.

    Returns:
        the commit of the branch, which with ``dry_run`` may be one that is nowhere else.

    Raises:
        UserError: it cannot be done; nothing was changed then.
    """
    commit = numbered.commit_of(wanted, upstream)
    work = _Work(
        project=project,
        upstream=upstream,
        wanted=wanted,
        pin=Pin(commit=commit, version=wanted.version, ref=wanted.upstream_tag),
        dry_run=dry_run,
        now=now,
    )
    return project.land(work.plan)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is known that does not change while others push; ``pin`` is without archives."""

    project: Project
    upstream: Upstream
    wanted: Wanted
    pin: Pin
    dry_run: bool
    now: dt.datetime

    def plan(self, state: State) -> tuple[Sequence[Update], str]:
        """What is to be changed, on top of this state."""
        branch, remote = self.wanted.branch, self.project.remote.name
        before = state.branches.get(branch)
        start = before or state.head
        if start is None:
            raise UserError(f"{remote} has no branch {state.branch}; name one with --branch-from")
        after = self._pinned(start)
        if after == before:
            log.say(f"== nothing to do: {branch} of {remote} pins {self._title} already")
            return (), after
        made = "gets" if before else f"is made from {state.branch} and has"
        how = f"the pin that {state.branch} has" if after == start else f"commit {after[:9]} on {start[:9]}"
        log.say(f"== {branch} of {remote} {'would be pushed: it ' if self.dry_run else ''}{made} {how}")
        update = Update(ref=f"refs/heads/{branch}", before=before, after=after)
        return ([] if self.dry_run else [update]), after

    @property
    def _title(self) -> str:
        return f"LLVM {self.pin.version} ({self.pin.commit[:9]})"

    def _pinned(self, start: str) -> str:
        """A commit that pins the release: this one, or a new one on it."""
        text = self.project.text(start, FILE_NAME) or ""
        old = pins.parse(text, f"{FILE_NAME} of {start[:9]}") if text else None
        same = old is not None and old.commit == self.pin.commit
        pin = dataclasses.replace(self.pin, archives=old.archives if old and same else {})
        pin = ensure_fit(self.project, start, self.upstream, pin)
        if pin == old:
            return start
        self._describe(old)
        return self.project.repository.commit_file(
            start, FILE_NAME, pins.rewritten(text, pin), message=f"Pin {self._title}", when=self.now
        )

    def _describe(self, old: Pin | None) -> None:
        """Say what becomes of the pin."""
        if old is None or old.version is None:
            log.say(f"   pin: {self._title}")
            return
        log.say(f"   pin: LLVM {old.version} ({old.commit[:9]}) becomes {self._title}")
        if Version(versions.release(old.version)) > Version(versions.release(self.wanted.version)):
            log.say(f"   which is older than {old.version}: the line goes back, as asked")
        if old.archives and old.commit != self.pin.commit:
            log.say("   archives: those of the old commit are not of this one, and go")
