"""``nox -s staleness``: whether the release train runs, told by what people see of it: releases and index."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from mlir_release import distributions, log, tags
from mlir_release.errors import ReleaseError, UserError
from mlir_release.github import Client, issues, releases
from mlir_release.github.issues import Subject
from mlir_release.options import Parser
from mlir_release.publishing.index import deployed
from mlir_release.publishing.page import Site
from mlir_release.tags import Snapshot
from mlir_release.train.home import find_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mlir_release.github.releases import Release

LIMIT = dt.timedelta(hours=26)
# The clock here and GitHub's are not the same one.
SKEW = dt.timedelta(minutes=10)
# Making and deploying the index comes after a release, and takes its time; so do the caches of GitHub Pages.
DEPLOYING = dt.timedelta(hours=2)
SUBJECT = Subject(label="release-train", marker="<!-- mlir-py-release: staleness -->")
TITLE = "The release train stands still"


class Stale(ReleaseError):
    """People get no snapshot that is new enough; nobody's mistake in calling the session."""


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest snapshot that people can see, and when it was published (UTC)."""

    tag: Snapshot
    published: dt.datetime

    def __str__(self) -> str:
        return f"{self.tag}, published {self.published:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, kw_only=True)
class Index:
    """The package index that people use: the URL of its ``simple/``, and what it is to have files of."""

    url: str
    projects: tuple[str, ...]

    def complaint(self, newest: Newest, now: dt.datetime) -> str | None:
        """What is wrong with the index; None if it lists the newest snapshot, or need not yet."""
        if now - newest.published <= DEPLOYING:
            return None
        try:
            listed = deployed.listed(self.url, self.projects)
        except UserError as error:
            return f"the package index cannot be read: {error}"
        return None if str(newest.tag) in listed else f"{self.url} does not list {newest}"


def run(arguments: Sequence[str], root: Path) -> None:
    """Check the age of the newest snapshot.

    Args:
        arguments: the words after ``--``: ``--issue`` to open and close an issue about it, ``--url`` to say
            where the index is, if not on the repository's GitHub Pages.
        root: the project's folder; the index has what is packaged there.

    Raises:
        Stale: it is too old, or there is none, or it is not in the index.
        UserError: GitHub cannot be asked, or an option is wrong.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--issue", action="store_true")
    parser.add_argument("--url", metavar="URL")
    options = parser.parse_args(arguments)
    home = find_home(root)
    index = Index(
        url=f"{options.url.rstrip('/')}/simple/" if options.url else Site.of(home).index,
        projects=tuple(canonicalize_name(it.name) for it in distributions.read_all(root / "packaging")),
    )
    watch(Client.for_repository(home), index, now=dt.datetime.now(dt.UTC), issue=options.issue)


def watch(client: Client, index: Index, *, now: dt.datetime, issue: bool) -> None:
    """Say whether the newest snapshot is new enough, and keep the issue about it, if that is wanted.

    Args:
        client: of the repository with the releases.
        index: the one that people use.
        now: the time in UTC.
        issue: open one issue when it is too old, close it when it is not any more.

    Raises:
        Stale: it is too old, or there is none, or it is not in the index.
        GitHubError: GitHub cannot be asked, or does not let us write.
    """
    newest = find_newest(releases.listed(client))
    wrong = complaint(newest, now) or (newest and index.complaint(newest, now))
    if wrong is None:
        log.say(f"   the release train runs: the newest snapshot is {newest}")
    else:
        log.say(f"   {wrong}")
    if issue:
        _open(client, wrong) if wrong else _close(client, f"The release train runs again: {newest}.")
    if wrong:
        raise Stale(wrong)


def find_newest(found: Iterable[Release]) -> Newest | None:
    """The newest of all releases that are snapshots and public; None if there is none."""
    snapshots = [
        Newest(tag=tag, published=it.published)
        for it in found
        for tag in tags.known([it.tag])
        if isinstance(tag, Snapshot) and it.published and not it.draft
    ]
    return max(snapshots, key=lambda it: it.tag, default=None)


def complaint(newest: Newest | None, now: dt.datetime) -> str | None:
    """What is wrong with the newest snapshot; None if it is new enough.

    Raises:
        UserError: the clock here must be wrong.
    """
    hours = int(LIMIT.total_seconds() // 3600)
    if newest is None:
        return "there is no published snapshot"
    age = now - newest.published
    if age < -SKEW:
        raise UserError(
            f"{newest}, is of the future: set the clock of this machine, which says {now:%Y-%m-%d %H:%M} UTC"
        )
    return f"no snapshot for more than {hours} hours: the newest is {newest}" if age > LIMIT else None


def _open(client: Client, wrong: str) -> None:
    """See that there is one issue, and only one."""
    body = f"{wrong[0].upper()}{wrong[1:]}.\n\nThis issue is closed when there is a new one.{_job()}"
    first, new = issues.ensure(client, SUBJECT, title=TITLE, body=body)
    # Of watchdogs that were stopped, or whose answers were lost, before they could close their own.
    for other in () if new else issues.find(client, SUBJECT)[1:]:
        issues.close(client, other, f"#{first.number} says the same already.", reason="not_planned")
    log.say(f"   {first.url} {'was opened' if new else 'is open already'}")


def _close(client: Client, text: str) -> None:
    for issue in issues.find(client, SUBJECT):
        issues.close(client, issue, text)
        log.say(f"   {issue.url} was closed")


def _job() -> str:
    """Where the job that found it can be looked at, by GitHub's variables in its jobs."""
    server, repository, run_id = (
        os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    return f"\n\nFound by {server}/{repository}/actions/runs/{run_id}." if run_id else ""
