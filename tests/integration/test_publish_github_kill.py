"""Kill -9 before, in the midst of and after each request that changes something: the next run finishes it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from github_desk import TAG, Killer, desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from github_desk import Desk

# A draft, two wheels with their metadata, the sums, the manifest, and one flip.
CALLS = 8


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def test_the_calls_of_a_run_that_nobody_kills(made: Desk) -> None:
    killer = Killer(made)
    assert killer.run() == 0
    number = made.home.releases[0]["id"]
    uploads = [f"POST releases/{number}/assets"] * (CALLS - 2)
    assert killer.calls == ["POST releases", *uploads, f"PATCH releases/{number}"]
    made.assert_whole()


@pytest.mark.parametrize("moment", ["before", "half", "after"])
@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_killed_and_run_again(made: Desk, moment: str, number: int) -> None:
    assert Killer(made, moment, number).run() == -signal.SIGKILL
    # Either all of it is public, or nothing.
    assert len(made.public) == ((moment, number) == ("after", CALLS))
    made.publish()
    made.assert_whole()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_it_tidies_up(made: Desk, moment: str) -> None:
    """The run after a kill in the midst of an upload removes the beginning, and is killed at that."""
    assert Killer(made, "half", 3).run() == -signal.SIGKILL
    assert None in made.held(made.home.releases[0]).values()
    killer = Killer(made, moment, 1)
    assert killer.run() == -signal.SIGKILL
    assert killer.calls[0].startswith("DELETE releases/assets/")
    assert made.public == []
    made.publish()
    made.assert_whole()


def test_killed_again_and_again(made: Desk) -> None:
    """Each run comes one call further; the last one has nothing left to do."""
    runs = 0
    while Killer(made, "after", 1).run() != 0:
        runs += 1
        assert len(made.public) == (runs == CALLS)
    assert runs == CALLS
    made.assert_whole()
    assert made.home.releases[0]["tag_name"] == TAG
