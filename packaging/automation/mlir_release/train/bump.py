"""``nox -s bump``: what it can be told, and what it says; the work is that of ``snapshot``."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.options import Parser, folder
from mlir_release.source.tree import REMOTE
from mlir_release.store import Store
from mlir_release.train.project import Project
from mlir_release.train.snapshot import bump
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlir_release.train.snapshot import Outcome
    from mlir_release.train.upstream import Commit

_LLVM = "llvm/llvm-project"
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# In hours, of some 11 years: more than any history that is looked at.
_LONGEST = 100_000


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of ``bump``.

    ``any`` takes the head of llvm-project's main, ``commit`` the one whose digits start so; without these,
    commits are looked at that are not older than ``max_age``, in any case at most ``max_commits``. ``force``
    makes a snapshot also when nothing is new; ``dry_run`` only says what would be done. ``remote`` is this
    project's, ``branch`` None for its main one; ``upstream`` is llvm-project's URL; ``cache`` replaces the
    user's cache folder.
    """

    any: bool = False
    commit: str | None = None
    force: bool = False
    dry_run: bool = False
    remote: str = "origin"
    branch: str | None = None
    max_age: dt.timedelta = dt.timedelta(hours=72)
    max_commits: int = 100
    upstream: str = REMOTE
    cache: Path | None = None


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    usual = Options()
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--any", action="store_true")
    which.add_argument("--commit", type=_commit, metavar="SHA")
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--remote", default=usual.remote, metavar="NAME")
    parser.add_argument("--branch", metavar="NAME")
    parser.add_argument("--max-age", type=_hours, default=usual.max_age, metavar="HOURS")
    parser.add_argument("--max-commits", type=_count, default=usual.max_commits, metavar="N")
    parser.add_argument("--upstream", default=usual.upstream, metavar="URL")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    return Options(**vars(parser.parse_args(arguments)))


def run(arguments: Sequence[str], root: Path, *, now: dt.datetime | None = None) -> None:
    """The session: make the next snapshot, and say which it is.

    On GitHub, ``tag``, ``version`` and ``commit`` are also outputs of the step, empty when there is none.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        now: by default the clock's time.

    Raises:
        UserError: it cannot be done; nothing was changed then.
        ToolFailed: git failed.
    """
    options = parse(arguments)
    project = Project.open(root, remote=options.remote, branch=options.branch)
    project.prepare()
    upstream = Upstream.open(Store.open(options.cache), options.upstream)
    outcome = bump(project, upstream, options, _checks(options.upstream), now=now or dt.datetime.now(dt.UTC))
    _report(outcome, project)


def _checks(url: str) -> Callable[[Commit], bool]:
    """Asks GitHub for the checks of commits; those of a mirror elsewhere are llvm-project's own."""
    # Here, because they take longer to load than --any takes.
    from mlir_release.github.checks import Verdict, verdict  # noqa: PLC0415
    from mlir_release.github.client import Client  # noqa: PLC0415
    from mlir_release.github.slug import slug  # noqa: PLC0415

    client = Client.for_repository(slug(url) or _LLVM)

    def is_green(commit: Commit) -> bool:
        found = verdict(client, commit.sha)
        log.say(f"   {commit}: checks are {found}")
        return found is Verdict.GREEN

    return is_green


def _report(outcome: Outcome, project: Project) -> None:
    """Say what has come of it, to people and to later steps of a workflow."""
    if outcome.tag:
        rows = [("tag", str(outcome.tag)), ("version", f"{outcome.version}"), ("commit", f"{outcome.commit}")]
        log.summary(f"on {project.remote.name}'s {project.branch}", [*rows, ("to get it", "git pull")])
    else:
        log.say(f"== no snapshot: {outcome.why}")
    facts = {"tag": outcome.tag, "version": outcome.version, "commit": outcome.commit}
    log.outputs({name: str(value or "") for name, value in facts.items()})


def _commit(text: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 7 to 40 lower-case hexadecimal digits")
    return text


def _hours(text: str) -> dt.timedelta:
    try:
        hours = float(text)
    except ValueError:
        hours = 0
    if not 0 < hours <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hours")
    return dt.timedelta(hours=hours)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _LONGEST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of commits")
    return int(text)
