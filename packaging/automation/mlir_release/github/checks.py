"""Whether a commit's checks are green."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mlir_release import log
from mlir_release.github.answers import understood
from mlir_release.github.errors import Incomplete, NotFound, UnknownCommit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlir_release.github.client import Client


class Verdict(StrEnum):
    """What the checks of a commit say together."""

    GREEN = "green"
    PENDING = "pending"
    RED = "red"
    NONE = "none"


# Conclusions of check runs that say nothing either way. All others that are not a success are failures:
# failure, cancelled, timed_out, action_required, stale, startup_failure, and what GitHub may think of yet.
_NEITHER = ("neutral", "skipped")
_STATES = {"success": Verdict.GREEN, "pending": Verdict.PENDING}


def verdict(client: Client, commit: str) -> Verdict:
    """What GitHub knows of a commit: its combined status and the latest run of every check, together.

    RED as soon as one has failed, else PENDING while one is not finished, else GREEN if at least one was a
    success. NONE if there is nothing that says so or so, also for a commit that GitHub has not got (yet).

    Args:
        client: of the repository that has the commit.
        commit: its 40 digits.

    Raises:
        GitHubError: GitHub cannot be asked, or has no such repository.
    """
    try:
        return _together(_verdicts(client, commit))
    except UnknownCommit:
        return Verdict.NONE
    except NotFound:
        # The same answer for a commit and for a whole repository that is not there; the latter is a mistake.
        client.get("")
        return Verdict.NONE
    except Incomplete as error:
        log.say(f"   {commit} counts as pending: {error}")
        return Verdict.PENDING


def _together(verdicts: Iterable[Verdict]) -> Verdict:
    found = set()
    for one in verdicts:
        if one is Verdict.RED:
            return one
        found.add(one)
    return next((it for it in (Verdict.PENDING, Verdict.GREEN) if it in found), Verdict.NONE)


def _verdicts(client: Client, commit: str) -> Iterator[Verdict]:
    """What the statuses say, and each check run; asked for as far as it is wanted."""
    # The state is about all statuses, whichever of them are on this page.
    yield understood(_of_statuses, client.get(f"commits/{commit}/status", per_page=1))
    # The latest run of each name in each check suite. Runs of one name in two suites may be of two workflows,
    # which GitHub does not tell here: both count.
    for run in client.pages(f"commits/{commit}/check-runs", "check_runs", filter="latest"):
        yield understood(_of_run, run)


def _of_statuses(combined: dict[str, Any]) -> Verdict:
    # Without any status the state is "pending" (GitHub's description of this endpoint).
    if combined["total_count"] == 0:
        return Verdict.NONE
    return _STATES.get(combined["state"], Verdict.RED)


def _of_run(run: dict[str, Any]) -> Verdict:
    if run["status"] != "completed":
        return Verdict.PENDING
    if run["conclusion"] in _NEITHER:
        return Verdict.NONE
    return Verdict.GREEN if run["conclusion"] == "success" else Verdict.RED
