"""Which commit of llvm-project becomes the next snapshot: the rule alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from mlir_release.train.upstream import Commit


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The commit that was picked; None for none, and then ``why`` says the reason."""

    commit: Commit | None
    why: str = ""


def pick(
    commits: Sequence[Commit],
    is_green: Callable[[Commit], bool],
    *,
    now: dt.datetime,
    max_age: dt.timedelta,
    pinned: str | None,
) -> Choice:
    """The newest commit that is green, not too old, and newer than the pinned one.

    Args:
        commits: of a branch, newest first.
        is_green: asked of as few of them as need be, newest first.
        now: with a time zone.
        max_age: how long ago a commit may have been made.
        pinned: 40 digits; may be none of these commits.
    """
    line = [commit.sha for commit in commits]
    newer = commits[: line.index(pinned)] if pinned in line else commits
    young = [commit for commit in newer if now - commit.committed <= max_age]
    green = next((commit for commit in young if is_green(commit)), None)
    return Choice(commit=green) if green else Choice(commit=None, why=_why(commits, newer, young, max_age))


def _why(
    commits: Sequence[Commit], newer: Sequence[Commit], young: Sequence[Commit], max_age: dt.timedelta
) -> str:
    hours = f"{max_age.total_seconds() / 3600:g} h"
    if not newer:
        return "the newest commit is released already" if commits else "there are no commits"
    among = f"{len(newer)} newest commits"
    if len(newer) < len(commits):
        among = f"{len(newer)} commits since the last snapshot"
    if not young:
        return f"none of the {among} is of the last {hours}"
    return f"none of the {among} that are of the last {hours} is green ({len(young)} looked at)"
