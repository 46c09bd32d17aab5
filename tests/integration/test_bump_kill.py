"""Kill -9 after each call of git that writes, and before the push: the next run makes one commit and tag."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

import bumping
from bumping import NOW
from git_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Calls of git that write: objects, an index, a repository, or the remote.
WRITING = "init|config|fetch|hash-object|read-tree|update-index|write-tree|commit-tree|checkout-index|push"
# Kills the process group, this script included: before or after a call, counted over all of the run.
WRAPPER = """\
#!/bin/sh
word=none
case "$*" in
    "config --list"*) exec {git} "$@";;
esac
for each; do
    case "$each" in
        {words}) word=$each; break;;
    esac
done
if [ $word = none ]; then exec {git} "$@"; fi
echo "$word" >>{calls}
number=$(wc -l <{calls})
if [ "$number" = "$(cat {before})" ]; then kill -KILL 0; fi
{git} "$@"
status=$?
if [ "$number" = "$(cat {after})" ]; then kill -KILL 0; fi
exit $status
"""
FIRST = "snapshot-20261122.01"

pytestmark = pytest.mark.timeout(1800)


class Killing:
    """A world, and a git that kills the bump at a given call."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        # A commit that the clone has not got, so that it is fetched.
        self.clone = self.world.clone("clone")
        self.start = self.world.project.commit("later", {"x": "1"})
        self.programs = root / "bin"
        self.files = {name: root / name for name in ("calls", "before", "after")}
        self.programs.mkdir()
        text = WRAPPER.format(words=WRITING, git=shutil.which("git"), **self.files)
        (self.programs / "git").write_text(text)
        (self.programs / "git").chmod(0o755)

    def run(self, *, before: int = 0, after: int = 0) -> tuple[int, list[str]]:
        """A bump that is killed before or after a call: its status, and the calls that it came to."""
        for name, number in (("calls", None), ("before", before), ("after", after)):
            self.files[name].write_text("" if number is None else f"{number}\n")
        bump = bumping.start(self.world, self.clone, "--any", now=NOW, programs=self.programs)
        said = bump.communicate()[0]
        assert bump.returncode in (0, -signal.SIGKILL), said
        return bump.returncode, self.files["calls"].read_text().split()

    def assert_one(self) -> None:
        """There is one commit and one tag, on each other; the tag is not on another commit."""
        head = self.world.project.head()
        assert self.world.project.tags() == {FIRST: head}
        assert self.world.project.log()[:2] == [head, self.start]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The calls of a bump that nobody kills."""
    killing = Killing(tmp_path_factory.mktemp("whole"))
    status, made = killing.run()
    assert status == 0
    killing.assert_one()
    return made


def test_the_calls_are_those_that_write(calls: list[str]) -> None:
    assert set(calls) == set(WRITING.split("|"))
    assert calls[-1] == "push"


def when_killed(calls: list[str]) -> Iterator[tuple[str, int]]:
    """After each call, and before the last: what is there before another is what the one before it left."""
    yield from (("after", number) for number in range(1, len(calls) + 1))
    yield "before", len(calls)


def test_killed_and_run_again(calls: list[str], tmp_path: Path) -> None:
    for when, number in when_killed(calls):
        call = f"{when} {number}, {calls[number - 1]}"
        folder = tmp_path / f"{when}{number}"
        killing = Killing(folder)
        status, made = killing.run(**{when: number})
        assert (status, made) == (-signal.SIGKILL, calls[:number]), call
        # Either all of it is there, or nothing.
        landed = (when, number) == ("after", len(calls))
        assert set(killing.world.project.tags()) == ({FIRST} if landed else set()), call
        assert (killing.world.project.head() == killing.start) != landed, call
        assert killing.run()[0] == 0, call
        killing.assert_one()
        shutil.rmtree(folder)
