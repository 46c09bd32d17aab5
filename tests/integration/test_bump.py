"""Which commit a bump takes, and what it makes of it: real git, on repositories on this disk."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from bumping import NOW, Train
from git_world import World, git, version_file
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME, Pin
from mlir_release.source.layout import VERSION_FILE
from mlir_release.train.bump import parse

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "snapshot-20261122.01"
DAY = dt.timedelta(days=1)


@pytest.fixture
def train(tmp_path: Path) -> Train:
    world = World(tmp_path)
    return Train(world, world.clone("clone"))


class TestSnapshot:
    def test_the_first_one(self, train: Train) -> None:
        before = train.world.project.head()
        outcome = train.bump()
        head = train.world.project.head()
        assert (str(outcome.tag), outcome.version) == (FIRST, "24.0.0.dev2026112201")
        assert outcome.commit == head
        assert train.world.project.tags() == {FIRST: head}
        assert train.world.project.log() == [head, before]

    def test_only_the_pin_is_rewritten_and_its_comment_stays(self, train: Train) -> None:
        before = train.world.project.head()
        train.bump()
        project = train.world.project
        changed = git(project.path, "diff", "--raw", "--no-abbrev", before, "main").split()
        assert (changed[0], changed[1], changed[4:]) == (":100644", "100644", ["M", FILE_NAME])
        comment = train.world.pin_text[: train.world.pin_text.index("commit = ")]
        assert comment.startswith("# ")
        newest = train.world.newest
        assert project.text("main", FILE_NAME) == (
            f'{comment}commit = "{newest}"\nversion = "24.0.0git"\nref = "main"\npython = "3.9"\n'
        )

    def test_what_commit_and_tag_say(self, train: Train) -> None:
        train.bump()
        path, newest = train.world.project.path, train.world.newest
        title, rest = git(path, "show", "--no-patch", "--format=%B", "main").split("\n", 1)
        assert title == f"Snapshot {FIRST}: LLVM 24.0.0git at {newest[:9]}"
        parts = rest.strip("\n").split("\n\n")
        assert parts[0].splitlines()[0] == (
            f"drift from LLVM 22.1.8 ({train.world.pinned[:9]}) to LLVM 24.0.0git ({newest[:9]})"
        )
        assert parts[1:] == [f"Snapshot: {FIRST}"]
        assert git(path, "cat-file", "-t", FIRST) == "tag"
        message = git(path, "for-each-ref", "--format=%(contents)", f"refs/tags/{FIRST}")
        assert message == f"LLVM 24.0.0git at {newest}\n\nVersion: 24.0.0.dev2026112201"

    def test_the_next_one_of_the_day(self, train: Train) -> None:
        train.bump()
        later = train.world.upstream.commit("more", {"x": "1"})
        outcome = train.bump()
        assert (str(outcome.tag), outcome.version) == ("snapshot-20261122.02", "24.0.0.dev2026112202")
        assert pins.parse(train.world.project.text("main", FILE_NAME), "") == Pin(
            commit=later, version="24.0.0git", ref="main", python="3.9"
        )

    def test_the_next_day(self, train: Train) -> None:
        train.bump()
        train.world.upstream.commit("more", {"x": "1"})
        assert str(train.bump(now=NOW + DAY).tag) == "snapshot-20261123.01"

    def test_another_branch(self, train: Train) -> None:
        main = train.world.project.head()
        other = train.world.project.commit("other", branch="next", parent=main)
        outcome = train.bump(branch="next")
        assert train.world.project.head() == main
        assert train.world.project.log("next")[:2] == [outcome.commit, other]

    def test_what_the_session_says(
        self, train: Train, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output = train.world.root / "output"
        monkeypatch.setenv("GITHUB_OUTPUT", str(output))
        train.session()
        facts = {"tag": FIRST, "version": "24.0.0.dev2026112201", "commit": train.world.project.head()}
        said = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
        assert [[name, value] for name, value in facts.items()] == said[-4:-1]
        assert said[-1] == ["to", "get it  git pull"]
        assert output.read_text() == "".join(f"{name}={value}\n" for name, value in facts.items())
        git(train.checkout, "pull", "--quiet")
        assert git(train.checkout, "rev-parse", "HEAD", f"{FIRST}^{{}}").split() == [facts["commit"]] * 2
        output.unlink()
        train.session()
        assert output.read_text() == "tag=\nversion=\ncommit=\n"
        assert "no snapshot: nothing is new: " in capsys.readouterr().out


class TestPicked:
    def pinned(self, train: Train) -> str:
        return pins.parse(train.world.project.text("main", FILE_NAME), "").commit

    def test_the_newest_green_one(self, train: Train) -> None:
        assert train.bump(green=[train.world.cut]).tag
        assert self.pinned(train) == train.world.cut

    def test_nothing_green(self, train: Train) -> None:
        before = train.everything()
        outcome = train.bump(green=[])
        assert outcome.tag is None
        assert outcome.why == "none of the 3 newest commits that are of the last 72 h is green (3 looked at)"
        assert train.everything() == before

    def test_nothing_new(self, train: Train) -> None:
        train.bump()
        before = train.everything()
        for options in ({}, {"any": True}, {"commit": train.world.newest}):
            outcome = train.bump(now=NOW + DAY, **options)
            assert outcome.tag is None
            assert "nothing is new" in outcome.why or "released already" in outcome.why
        assert train.everything() == before

    def test_nothing_green_that_is_newer(self, train: Train) -> None:
        train.bump(green=[train.world.cut])
        before = train.everything()
        assert train.bump(green=[train.world.cut]).tag is None
        assert train.everything() == before

    def test_force_when_nothing_is_new_is_an_empty_commit(self, train: Train) -> None:
        train.bump()
        outcome = train.bump(force=True)
        project = train.world.project
        assert project.tags() == {FIRST: project.log()[1], "snapshot-20261122.02": project.log()[0]}
        assert outcome.commit == project.head()
        trees = git(project.path, "show", "--no-patch", "--format=%T", "main", "main~1").split()
        assert trees[0] == trees[1]

    def test_force_takes_what_is_new_and_green(self, train: Train) -> None:
        train.bump()
        later = train.world.upstream.commit("more", {"x": "1"})
        train.bump(force=True)
        assert self.pinned(train) == later

    def test_force_makes_nothing_green(self, train: Train) -> None:
        assert train.bump(force=True, green=[]).tag is None
        train.bump()
        train.world.upstream.commit("red", {"x": "1"})
        assert str(train.bump(force=True, green=[]).tag) == "snapshot-20261122.02"
        assert self.pinned(train) == train.world.newest

    def test_force_takes_a_commit_again_that_is_out_of_sight(self, train: Train) -> None:
        train.bump()
        for number in range(3):
            train.world.upstream.commit("red", {"x": str(number)})
        assert train.bump(force=True, green=[], max_commits=2).tag
        assert self.pinned(train) == train.world.newest

    def test_any_takes_the_head(self, train: Train) -> None:
        assert train.bump(any=True, green=[]).tag
        assert self.pinned(train) == train.world.newest

    def test_a_given_commit(self, train: Train) -> None:
        assert train.bump(commit=train.world.cut[:9], green=[]).tag
        assert self.pinned(train) == train.world.cut

    def test_a_commit_that_is_not_on_main(self, train: Train) -> None:
        before = train.everything()
        with pytest.raises(UserError, match=r"none of the newest 3 commits of main at file:.* is") as caught:
            train.bump(commit=train.world.pinned)
        assert "--max-commits" in str(caught.value)
        assert train.everything() == before

    def test_a_commit_that_was_merged_into_main(self, train: Train) -> None:
        side = train.world.upstream.commit("side", {"s": "1"}, branch="side", parent=train.world.cut)
        merge = train.world.upstream.commit("merge", {"s": "1"}, merged=side)
        with pytest.raises(UserError, match=f"is {side}; snapshots are of these alone"):
            train.bump(commit=side)
        assert train.bump(green=[side, train.world.newest]).tag
        assert self.pinned(train) == train.world.newest
        assert train.bump(green=[merge]).tag
        assert self.pinned(train) == merge

    def test_not_older_than_asked(self, train: Train) -> None:
        # cut and newest are 4 and 3 hours old.
        hours = dt.timedelta(hours=3, minutes=30)
        outcome = train.bump(green=[train.world.cut], max_age=hours)
        assert outcome.why == "none of the 3 newest commits that are of the last 3.5 h is green (1 looked at)"
        assert train.bump(green=[train.world.newest], max_age=hours).tag

    def test_not_more_commits_than_asked(self, train: Train) -> None:
        assert train.bump(green=[train.world.cut], max_commits=1).tag is None
        assert train.bump(green=[train.world.cut], max_commits=2).tag

    def test_all_are_too_old(self, train: Train) -> None:
        outcome = train.bump(now=NOW + 30 * DAY)
        assert outcome.why == "none of the 3 newest commits is of the last 72 h"

    def test_one_that_would_sort_below_the_last_is_refused(self, train: Train) -> None:
        train.bump()
        first = train.world.upstream.log()[-1]
        before = train.everything()
        with pytest.raises(
            UserError, match=f"LLVM 23.0.0git would sort below {FIRST}, which is of 24.0.0git"
        ):
            train.bump(commit=first)
        assert train.everything() == before

    def test_the_branch_pins_it_already_but_no_snapshot_does(self, train: Train) -> None:
        text = f'commit = "{train.world.newest}"\nversion = "24.0.0git"\nref = "main"\n# by hand\n'
        train.world.project.commit("By hand", {FILE_NAME: text})
        assert str(train.bump().tag) == FIRST
        assert train.world.project.text("main", FILE_NAME) == text

    def test_a_source_that_does_not_say_its_version(self, train: Train) -> None:
        train.world.upstream.commit("odd", {VERSION_FILE: "set(LLVM_VERSION_MAJOR 24)\n"})
        with pytest.raises(UserError, match=r"LLVMVersion.cmake of .* does not say which LLVM version"):
            train.bump()
        train.world.upstream.commit("none", {VERSION_FILE: None})
        with pytest.raises(UserError, match=r"LLVMVersion.cmake of .* is not there"):
            train.bump()
        train.world.upstream.commit("suffix", {VERSION_FILE: version_file("24.0.0-ours")})
        with pytest.raises(UserError, match=r"version is '24.0.0ours', not a version like"):
            train.bump()


class TestDryRun:
    def test_prints_every_step_and_changes_nothing(
        self, train: Train, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = train.everything()
        train.session("--dry-run")
        assert train.everything() == before
        said = capsys.readouterr().out
        newest = train.world.newest[:9]
        steps = (
            "   3 commits of main at file://",
            "   patches: 0 of ",
            f"   picked {newest} of 2026-11-22 02:00, [mlir] Change something\n",
            f"   pin: {train.world.pinned[:9]} (22.1.8) becomes {newest} (24.0.0git)\n",
            f"   tag: {FIRST}, version 24.0.0.dev2026112201\n",
            f"   would push a commit of that to main, on {train.world.project.head()[:9]}, and the tag\n",
            "== no snapshot: a dry run changes nothing\n",
        )
        places = [said.find(step) for step in steps]
        assert -1 not in places
        assert places == sorted(places)


class TestOptions:
    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["--anny"], "unrecognized arguments: --anny"),
            (["--any", "--commit", "a" * 40], "not allowed with argument"),
            (["--commit", "main"], "'main' is not 7 to 40 lower-case hexadecimal digits"),
            (["--max-age", "nan"], "'nan' is not a number of hours"),
            (["--max-age", "-1"], "'-1' is not a number of hours"),
            (["--max-age", "1e999"], "'1e999' is not a number of hours"),
            (["--max-commits", "0"], "'0' is not a number of commits"),
            (["--max-commits", "²"], "'²' is not a number of commits"),
        ],
    )
    def test_one_that_cannot_be_meant(self, words: list[str], complaint: str) -> None:
        with pytest.raises(UserError, match=complaint.replace("²", ".")) as caught:
            parse(words)
        assert "--dry-run" in str(caught.value)

    def test_all(self) -> None:
        options = parse(["--commit", "abcdef0", "--max-age", "1.5", "--max-commits", "7", "--branch", "b"])
        assert (options.commit, options.max_age, options.max_commits, options.branch) == (
            "abcdef0",
            dt.timedelta(hours=1.5),
            7,
            "b",
        )
