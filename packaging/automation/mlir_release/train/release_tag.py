"""``nox -s tag``: the tag of a numbered release, at the head of its branch."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, tags
from mlir_release.errors import UserError
from mlir_release.git import Update
from mlir_release.github import Client, releases
from mlir_release.store import Store
from mlir_release.tags import Numbered
from mlir_release.train import numbered
from mlir_release.train.home import home_of
from mlir_release.train.project import Project
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.train.numbered import Wanted
    from mlir_release.train.project import State


@dataclass(frozen=True, kw_only=True)
class Options(numbered.Options):
    """Those of numbered releases, and whether a version that is there is to be released again."""

    rebuild: bool = False


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """A numbered release: its tag, and the commit of this project that it is at."""

    tag: Numbered
    commit: str


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = numbered.parser()
    parser.add_argument("--rebuild", action="store_true")
    return Options(**vars(parser.parse_args(arguments)))


def run(arguments: Sequence[str], root: Path, *, now: dt.datetime | None = None) -> None:
    """The session: tag a release that is pinned on its branch.

    On GitHub, ``tag``, ``version`` and ``commit`` are also outputs of the step.

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
    project = Project.open(root, remote=options.remote, branch=wanted.branch)
    project.prepare()
    upstream = Upstream.open(Store.open(options.cache), options.upstream)
    tagged = make(project, upstream, wanted, options, now=now or dt.datetime.now(dt.UTC))
    if not options.dry_run:
        _report(tagged, project)


def make(
    project: Project, upstream: Upstream, wanted: Wanted, options: Options, *, now: dt.datetime
) -> Tagged:
    """Tag a release at the head of its branch, or with ``dry_run`` only say how.

    Args:
        project: its branch is that of the release.
        upstream: where the release is.
        wanted: the release.
        options: what else was asked for.
        now: with a time zone.

    Raises:
        UserError: it cannot be done; nothing was changed then.
    """
    work = _Work(
        project=project,
        wanted=wanted,
        options=options,
        upstream_commit=numbered.commit_of(wanted, upstream),
        published=_published(project),
        now=now,
    )
    return project.land(work.plan)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is known that does not change while others push."""

    project: Project
    wanted: Wanted
    options: Options
    upstream_commit: str
    published: tuple[str, ...]
    now: dt.datetime

    def plan(self, state: State) -> tuple[Sequence[Update], Tagged]:
        """What is to be changed, on top of this state."""
        commit = self._head(state)
        used = [it for it in tags.known({*state.tags, *self.published}) if isinstance(it, Numbered)]
        if not self.options.rebuild:
            numbered.ensure_new(self.wanted.version, used)
        tag = tags.next_numbered(self.wanted.version, used)
        if self.options.rebuild and tag.number == 1:
            log.say(f"   LLVM {self.wanted.version} was never released: {tag} is its first, and no rebuild")
        log.say(f"   tag: {tag}, version {tag.version()}, at {commit[:9]} of {state.branch}")
        if self.options.dry_run:
            log.say(f"== {tag} would be pushed to {self.project.remote.name}; a dry run changes nothing")
            return (), Tagged(tag=tag, commit=commit)
        message = f"LLVM {self.wanted.version} at {self.upstream_commit}\n\nVersion: {tag.version()}"
        made = self.project.repository.tag_object(commit, str(tag), message=message, when=self.now)
        return [Update(ref=f"refs/tags/{tag}", before=None, after=made)], Tagged(tag=tag, commit=commit)

    def _head(self, state: State) -> str:
        """The head of the branch, which pins the release."""
        make_it = f"run nox -s release-branch -- {self.wanted.upstream_tag} first"
        where = f"{state.branch} of {self.project.remote.name}"
        if state.head is None:
            raise UserError(f"there is no {where}; {make_it}")
        pin = self.project.pin(state.head)
        if (pin.version, pin.commit) != (self.wanted.version, self.upstream_commit):
            raise UserError(f"{where} pins LLVM {pin.version} at {pin.commit[:9]}; {make_it}")
        return state.head


def _published(project: Project) -> tuple[str, ...]:
    """The tags of all releases that are public on GitHub: one of them may have lost its tag."""
    home = home_of(project.remote)
    if home is None:
        log.say(f"   {project.remote.name} is not on GitHub: what is published there is not looked at")
        return ()
    return tuple(it.tag for it in releases.listed(Client.for_repository(home)) if not it.draft)


def _report(tagged: Tagged, project: Project) -> None:
    """Say what has come of it, to people and to later steps of a workflow."""
    facts = {"tag": str(tagged.tag), "version": tagged.tag.version(), "commit": tagged.commit}
    log.summary(f"on {project.remote.name}'s {project.branch}", list(facts.items()))
    log.outputs(facts)
