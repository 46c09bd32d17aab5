"""What `pin` says of a project: its pin, that one's age, its tag and version, what changed upstream."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from git_world import RELEASE, START, World, git
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME, Pin
from mlir_release.train.pin_report import run_pin

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.timedelta(1)


@dataclass(frozen=True)
class Report:
    """The session in clones of a project, and what it prints."""

    world: World
    capsys: pytest.CaptureFixture[str]

    def snapshot(self, name: str, commit: str, *, message: str | None = None) -> str:
        """A commit that pins another one of upstream's main, with a tag; the commit."""
        pin = Pin(commit=commit, version="24.0.0git", ref="main")
        text = pins.rewritten(self.world.pin_text, pin)
        made = self.world.project.commit(f"Snapshot {name}", {FILE_NAME: text})
        folder = self.world.project.path
        if message:
            git(folder, "tag", "--annotate", "--message", message, name, made)
        else:
            git(folder, "tag", name, made)
        return made

    def rows(self, folder: Path, *words: str, url: str | None = None) -> dict[str, str]:
        """The rows of the table; everything is below ``said``."""
        cache = str(self.world.root / "cache")
        run_pin([*words, "--cache", cache], folder, url or self.world.upstream.url)
        said = self.capsys.readouterr().out
        table = said.partition("== pin\n")[2].splitlines()
        return {
            "said": said,
            **{line.split()[0]: " ".join(line.split()[1:]) for line in table if line.split()},
        }


@pytest.fixture
def report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    return Report(World(tmp_path), capsys)


def test_an_untagged_build_and_no_release_yet(report: Report) -> None:
    rows = report.rows(report.world.clone("clone"))
    pinned = report.world.pinned
    assert rows["commit"] == pinned
    assert rows["LLVM"] == "22.1.8"
    assert rows["ref"] == RELEASE
    assert rows["release"] == "none: HEAD has no tag of a release"
    assert rows["version"] == f"22.1.8.dev0+g{pinned[:9]}, of an untagged build"
    made = START + dt.timedelta(hours=1)
    days = (dt.datetime.now(dt.UTC) - made).days
    ago = "(after this machine's clock)" if days < 0 else f"{days} day"
    assert rows["committed"].startswith(f"{made:%Y-%m-%d %H:%M} UTC ")
    assert ago in rows["committed"]
    assert "no earlier release is known here" in rows["said"]


def test_a_tag_at_head_with_its_version_and_what_changed_since_the_one_before(report: Report) -> None:
    upstream = report.world.upstream
    report.snapshot("snapshot-20261122.01", report.world.cut)
    quiet = upstream.commit("[clang] Not ours", {"clang/x": "x\n"})
    loud = upstream.commit("[mlir] \x1b[31mRed\u202e (#1)", {"mlir/x": "x\n"})
    report.snapshot("snapshot-20261123.01", loud, message="LLVM\n\nVersion: 24.0.0.dev2026112301")
    folder = report.world.clone("clone")
    checkout = git(report.world.root, "clone", "--quiet", upstream.url, "llvm") or report.world.root / "llvm"
    rows = report.rows(folder, "--llvm-project", str(checkout))
    assert rows["release"] == "snapshot-20261123.01, version 24.0.0.dev2026112301"
    assert f"== mlir/ since snapshot-20261122.01 ({report.world.cut[:9]}): 2 commits\n" in rows["said"]
    listed = rows["said"].partition(": 2 commits\n")[2].splitlines()
    newest = report.world.newest
    assert listed == [
        f"   {loud[:9]} 2026-11-22 [mlir] [31mRed (#1)",
        f"   {newest[:9]} 2026-11-22 [mlir] Change something",
    ]
    assert quiet[:9] not in rows["said"]


def test_a_version_that_the_tag_does_not_say_follows_from_the_pin(report: Report) -> None:
    report.snapshot("snapshot-20261122.07", report.world.cut)
    rows = report.rows(report.world.clone("clone"))
    assert rows["release"] == "snapshot-20261122.07, version 24.0.0.dev2026112207"


def test_a_tag_that_says_another_version_is_one_line(report: Report) -> None:
    report.snapshot("snapshot-20261122.07", report.world.cut, message="x\n\nVersion: 24.0.0.dev2026112208")
    with pytest.raises(
        UserError, match=r"snapshot-20261122\.07 says Version: 24\.0\.0\.dev2026112208, which"
    ):
        report.rows(report.world.clone("clone"))


def test_after_a_release_the_changes_are_since_that(report: Report) -> None:
    report.snapshot("snapshot-20261122.01", report.world.cut)
    report.world.project.commit("Mend something", {"README.md": "x\n"})
    rows = report.rows(report.world.clone("clone"))
    assert rows["release"] == "none: HEAD has no tag of a release"
    assert f"== mlir/ since snapshot-20261122.01 ({report.world.cut[:9]}): 0 commits\n" in rows["said"]


def test_a_pin_that_was_changed_in_the_checkout_is_no_release(report: Report) -> None:
    report.snapshot("snapshot-20261122.01", report.world.cut)
    folder = report.world.clone("clone")
    newest = Pin(commit=report.world.newest, version="24.0.0git", ref="main")
    (folder / FILE_NAME).write_text(pins.rewritten(report.world.pin_text, newest))
    rows = report.rows(folder)
    assert rows["release"] == f"none: {FILE_NAME} was changed since snapshot-20261122.01"
    assert rows["version"] == f"24.0.0.dev0+g{newest.commit[:9]}, of an untagged build"
    # The mirror has that commit alone.
    assert f"since snapshot-20261122.01 ({report.world.cut[:9]}): not known here; give" in rows["said"]


def test_many_changes_are_bounded(report: Report) -> None:
    report.snapshot("snapshot-20261122.01", report.world.newest)
    for number in range(53):
        last = report.world.upstream.commit(f"[mlir] {number}", {"mlir/x": f"{number}\n"})
    report.snapshot("snapshot-20261123.01", last)
    folder = report.world.clone("clone")
    git(report.world.root, "clone", "--quiet", report.world.upstream.url, "llvm")
    said = report.rows(folder, "--llvm-project", str(report.world.root / "llvm"))["said"]
    assert ": 53 commits\n" in said
    assert said.splitlines()[-1] == "   and 3 more"
    assert said.splitlines()[-2].endswith(" [mlir] 3")


def test_upstream_out_of_reach_is_said_in_a_line(report: Report) -> None:
    rows = report.rows(report.world.clone("clone"), url="file:///nowhere/llvm-project.git")
    (line,) = (it for it in rows["said"].splitlines() if "out of reach" in it)
    assert line.startswith("   file:///nowhere/llvm-project.git is out of reach: ")
    assert rows["committed"] == "not known here"
    assert rows["version"].startswith("22.1.8.dev0+g")


def test_a_folder_without_git_and_a_bare_pin(report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / FILE_NAME).write_text(f"{report.world.pinned}\n")
    rows = report.rows(folder)
    assert rows["release"] == "none: this is not a git checkout"
    assert rows["LLVM"] == "not said by the pin"
    assert rows["version"] == "not known before the source, of an untagged build"


def test_a_repository_without_a_commit(report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / FILE_NAME).write_text(report.world.pin_text)
    assert report.rows(folder)["release"] == "none: there is no commit yet"


def test_a_shallow_clone_knows_what_it_has(report: Report) -> None:
    report.snapshot("snapshot-20261122.01", report.world.cut)
    report.snapshot("snapshot-20261123.01", report.world.newest)
    rows = report.rows(report.world.clone("clone", "--depth=1"))
    assert rows["release"] == "snapshot-20261123.01, version 24.0.0.dev2026112301"
    assert "no earlier release is known here" in rows["said"]


def test_the_checkout_and_its_repository_stay_as_they_are(report: Report) -> None:
    report.snapshot("snapshot-20261122.01", report.world.cut)
    folder = report.world.clone("clone")
    git(report.world.root, "clone", "--quiet", "--depth=1", report.world.upstream.url, "llvm")
    llvm = report.world.root / "llvm"
    copies = [shutil.copytree(it, it.with_name(f"{it.name}-before"), symlinks=True) for it in (folder, llvm)]
    rows = report.rows(folder, "--llvm-project", str(llvm))
    assert rows["committed"] == "not known here"
    for copy, now in zip(copies, (folder, llvm), strict=True):
        assert files(copy) == files(now)


def files(folder: Path) -> dict[str, bytes]:
    return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def test_a_checkout_that_is_not_gits_is_one_line(report: Report, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a git checkout"):
        report.rows(report.world.clone("clone"), "--llvm-project", str(tmp_path))


def test_a_slip_on_the_command_line_is_one_line(report: Report) -> None:
    with pytest.raises(
        UserError, match=r"unrecognized arguments: now; the options are: \[--llvm-project DIR\]"
    ):
        report.rows(report.world.root, "now")
