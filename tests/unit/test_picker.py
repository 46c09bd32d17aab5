from __future__ import annotations

import datetime as dt

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlir_release.train.picker import Choice, pick
from mlir_release.train.upstream import Commit

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MAX_AGE = 72 * HOUR


def commit(number: int, hours: int) -> Commit:
    return Commit(sha=f"{number:040x}", committed=NOW - hours * HOUR, subject=f"change {number}")


# Newest first: how many hours old each commit is (in any order), and whether its checks are green.
HISTORIES = st.lists(st.tuples(st.integers(-2, 100), st.booleans()), max_size=30)


def oracle(history: list[tuple[int, bool]], pinned: int | None) -> int | None:
    """The rule in the plainest form there is: one commit after another, from the newest on."""
    for number, (hours, green) in enumerate(history):
        if number == pinned:
            return None
        if hours <= 72 and green:
            return number
    return None


@settings(max_examples=200)
@example(history=[], pinned=None)
@example(history=[(1, True)], pinned=0)
@example(history=[(73, True), (72, True)], pinned=None)
@given(history=HISTORIES, pinned=st.none() | st.integers(0, 40))
def test_the_newest_green_commit_or_none(history: list[tuple[int, bool]], pinned: int | None) -> None:
    commits = [commit(number, hours) for number, (hours, _) in enumerate(history)]
    green = {made.sha for made, (_, is_green) in zip(commits, history, strict=True) if is_green}
    asked: list[Commit] = []

    def is_green(made: Commit) -> bool:
        asked.append(made)
        return made.sha in green

    sha = None if pinned is None else f"{pinned:040x}"
    choice = pick(commits, is_green, now=NOW, max_age=MAX_AGE, pinned=sha)
    expected = oracle(history, pinned)
    assert choice.commit == (None if expected is None else commits[expected])
    # No question too many, none twice, and the newest first.
    end = len(history) if expected is None else expected + 1
    end = end if pinned is None else min(end, pinned)
    assert asked == [made for made in commits[:end] if NOW - made.committed <= MAX_AGE]
    assert bool(choice.why) == (choice.commit is None)


def why(commits: list[Commit], pinned: str | None = None) -> str:
    choice = pick(commits, lambda _: False, now=NOW, max_age=MAX_AGE, pinned=pinned)
    assert choice == Choice(commit=None, why=choice.why)
    return choice.why


def test_why_there_is_none() -> None:
    commits = [commit(0, 1), commit(1, 2), commit(2, 90)]
    assert why([]) == "there are no commits"
    assert why(commits, commits[0].sha) == "the newest commit is released already"
    assert why(commits) == "none of the 3 newest commits that are of the last 72 h is green (2 looked at)"
    assert why(commits, commits[1].sha) == (
        "none of the 1 commits since the last snapshot that are of the last 72 h is green (1 looked at)"
    )
    assert why(commits[2:]) == "none of the 1 newest commits is of the last 72 h"
