"""Numbered releases on real repositories: their branches, their tags."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from git_world import World, git, version_file
from github_server import GitHubServer
from llvm_tree import PATCH
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME
from mlir_release.source.layout import VERSION_FILE
from mlir_release.train import release_branch, release_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOME = "somebody/mlir-py-release"
LINE = "release/22.x"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A main that pins a snapshot; its one patch, for 22, is to a file that this upstream has."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for name in ("GITHUB_REPOSITORY", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    world = World(tmp_path)
    names = git(world.project.path, "ls-tree", "--name-only", "main", "patches/").split()
    patch = PATCH.format(old="project(mlir)", applies="==22.*")
    world.project.commit("Patches", {**dict.fromkeys(names), "patches/0001-test.patch": patch})
    world.project.commit("Snapshot", {FILE_NAME: world.pin_text.replace(world.pinned, world.newest)})
    return world


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        server.repository(HOME)
        for name, value in {**server.environment, "GITHUB_REPOSITORY": HOME}.items():
            monkeypatch.setenv(name, value)
        yield server


def upstream_release(world: World, version: str, *, says: str | None = None) -> str:
    files = {VERSION_FILE: version_file(says or version)}
    commit = world.upstream.commit(f"Release {version}", files, branch="release/next", parent=world.pinned)
    world.upstream.tag(f"llvmorg-{version}", commit)
    return commit


def branch(world: World, *words: str, name: str = "clone") -> None:
    release_branch.run(all_words(world, words), clone(world, name), now=NOW)


def tag(world: World, *words: str, name: str = "clone") -> None:
    release_tag.run(all_words(world, words), clone(world, name), now=NOW)


def clone(world: World, name: str) -> Path:
    return world.root / name if (world.root / name).is_dir() else world.clone(name)


def all_words(world: World, words: tuple[str, ...]) -> list[str]:
    return [*words, "--upstream", world.upstream.url, "--cache", str(world.root / "cache")]


def refused(world: World, work: object, *words: str) -> str:
    """The one line that ends a session which changes nothing."""
    before = world.project.refs()
    with pytest.raises(UserError) as caught:
        work(world, *words)  # type: ignore[operator]
    assert len(str(caught.value).splitlines()) == 1
    assert world.project.refs() == before
    return str(caught.value)


def pin_of(world: World, name: str = LINE) -> pins.Pin:
    return pins.parse(world.project.text(world.project.head(name), FILE_NAME), name)


def test_a_branch_is_made_from_main_with_one_commit(world: World) -> None:
    main = world.project.head()
    branch(world, "llvmorg-22.1.8")
    assert world.project.log(LINE)[1:] == world.project.log()
    assert world.project.head() == main
    changed = git(world.project.path, "diff", "--name-only", main, LINE)
    assert changed == FILE_NAME
    # The archives were those of another commit.
    assert pin_of(world) == pins.Pin(
        commit=world.pinned, version="22.1.8", ref="llvmorg-22.1.8", python="3.9"
    )
    assert world.project.text(LINE, FILE_NAME).startswith("# The llvm-project commit")


def test_doing_it_again_does_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    branch(world, "22.1.8")
    before = world.project.refs()
    branch(world, "22.1.8", name="other")
    assert world.project.refs() == before
    assert f"nothing to do: {LINE} of origin pins LLVM 22.1.8" in capsys.readouterr().out


def test_what_main_pins_needs_no_commit_and_keeps_its_archives(world: World) -> None:
    main = world.project.commit("Back", {FILE_NAME: world.pin_text})
    branch(world, "22.1.8")
    assert world.project.head(LINE) == main
    assert pin_of(world).archives


def test_a_branch_that_is_there_goes_on(world: World) -> None:
    branch(world, "22.1.8")
    own = world.project.commit("Something of its own", {"own": "1\n"}, branch=LINE)
    commit = upstream_release(world, "22.1.9")
    branch(world, "llvmorg-22.1.9")
    assert world.project.log(LINE)[1] == own
    assert (pin_of(world).commit, pin_of(world).ref) == (commit, "llvmorg-22.1.9")


def test_a_candidate_whose_source_has_a_wrong_suffix(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = upstream_release(world, "23.1.0-rc1", says="23.1.0-rc2")
    branch(world, "llvmorg-23.1.0-rc1")
    found = pin_of(world, "release/23.x")
    assert found == pins.Pin(commit=commit, version="23.1.0rc1", ref="llvmorg-23.1.0-rc1", python="3.9")
    assert "says LLVM 23.1.0rc2: the tag's name counts" in capsys.readouterr().out


def test_another_start(world: World) -> None:
    world.project.commit("Elsewhere", {"own": "1\n"}, branch="elsewhere", parent=world.project.head())
    branch(world, "22.1.8", "--branch-from", "elsewhere")
    assert world.project.log(LINE)[1] == world.project.head("elsewhere")


def test_another_remote(world: World) -> None:
    folder = clone(world, "clone")
    git(folder, "remote", "rename", "origin", "upstream")
    git(folder, "remote", "add", "origin", "file:///nowhere")
    branch(world, "22.1.8", "--remote", "upstream")
    assert pin_of(world).commit == world.pinned


def test_the_checkout_is_left_as_it_is(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    folder = clone(world, "clone")
    (folder / FILE_NAME).write_text("changed\n")
    git(folder, "checkout", "--quiet", "--detach")
    own = ("for-each-ref", "refs/heads", "refs/tags")
    before = git(folder, *own), git(folder, "status", "--porcelain=2", "--branch")
    branch(world, "22.1.8")
    assert (git(folder, *own), git(folder, "status", "--porcelain=2", "--branch")) == before
    assert "the checkout has changes and is detached" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    before = world.project.refs()
    branch(world, "22.1.8", "--dry-run")
    assert world.project.refs() == before
    said = capsys.readouterr().out
    assert "patches: 1 of 1 belong to LLVM 22.1.8" in said
    assert f"{LINE} of origin would be pushed" in said


def test_releases_that_are_refused(world: World) -> None:
    assert "has no tag llvmorg-22.1.7" in refused(world, branch, "22.1.7")
    upstream_release(world, "22.1.9", says="22.1.8")
    assert "whose source says LLVM 22.1.8" in refused(world, branch, "22.1.9")
    assert "is no release of LLVM" in refused(world, branch, "llvmorg-23-init")


def test_a_patch_that_does_not_apply(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    patch = PATCH.format(old="project(other)", applies="==22.*")
    world.project.commit("Patch", {"patches/0001-test.patch": patch})
    assert "0001-test.patch cannot be applied to LLVM 22.1.8" in refused(world, branch, "22.1.8")
    assert "mlir/CMakeLists.txt, hunk 1" in capsys.readouterr().out


def test_branches_that_are_made_at_once(world: World) -> None:
    commits = {upstream_release(world, f"22.1.{number}") for number in range(10, 14)}
    for number in range(10, 14):
        clone(world, f"clone{number}")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda it: branch(world, f"22.1.{it}", name=f"clone{it}"), range(10, 14)))
    log = world.project.log(LINE)
    assert log[4:] == world.project.log()
    made = [pins.parse(world.project.text(commit, FILE_NAME), commit).commit for commit in log[:4]]
    assert set(made) == commits


def test_a_tag(world: World, github: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    branch(world, "22.1.8")
    tag(world, "llvmorg-22.1.8")
    assert world.project.tags() == {"llvm-22.1.8.01": world.project.head(LINE)}
    message = git(world.project.path, "tag", "--list", "--format=%(contents)", "llvm-22.1.8.01")
    assert message == f"LLVM 22.1.8 at {world.pinned}\n\nVersion: 22.1.8"
    output = f"tag=llvm-22.1.8.01\nversion=22.1.8\ncommit={world.project.head(LINE)}\n"
    assert (tmp_path / "output").read_text() == output
    assert github.requests == ["GET releases"]


def test_a_second_one_is_a_rebuild(world: World, github: GitHubServer) -> None:
    branch(world, "22.1.8")
    tag(world, "22.1.8")
    assert "released already, as llvm-22.1.8.01" in refused(world, tag, "22.1.8")
    tag(world, "22.1.8", "--rebuild", "--dry-run")
    assert set(world.project.tags()) == {"llvm-22.1.8.01"}
    tag(world, "22.1.8", "--rebuild")
    assert set(world.project.tags()) == {"llvm-22.1.8.01", "llvm-22.1.8.02"}
    assert "Version: 22.1.8.post1" in git(world.project.path, "cat-file", "-p", "llvm-22.1.8.02")
    assert github.requests


def test_what_is_published_without_a_tag_is_not_published_again(world: World, github: GitHubServer) -> None:
    github.repository(HOME).release("llvm-22.1.8.02")
    github.repository(HOME).release("llvm-22.1.8.03", draft=True)
    branch(world, "22.1.8")
    assert "released already, as llvm-22.1.8.02" in refused(world, tag, "22.1.8")
    tag(world, "22.1.8", "--rebuild")
    assert set(world.project.tags()) == {"llvm-22.1.8.03"}


def test_a_candidate_after_its_final(world: World, github: GitHubServer) -> None:
    branch(world, "22.1.8")
    tag(world, "22.1.8")
    upstream_release(world, "22.1.8-rc2", says="22.1.8-rc2")
    branch(world, "22.1.8rc2")
    assert "22.1.8rc2 comes before llvm-22.1.8.01" in refused(world, tag, "22.1.8rc2")
    tag(world, "22.1.8rc2", "--rebuild")
    assert "llvm-22.1.8rc2.01" in world.project.tags()
    assert github.requests


def test_a_branch_that_pins_something_else(world: World, github: GitHubServer) -> None:
    advice = "run nox -s release-branch -- llvmorg-22.1.8 first"
    assert refused(world, tag, "22.1.8") == f"there is no {LINE} of origin; {advice}"
    text = world.pin_text.replace(world.pinned, world.cut)
    world.project.commit("By hand", {FILE_NAME: text}, branch=LINE, parent=world.project.head())
    assert refused(world, tag, "22.1.8").endswith(f"pins LLVM 22.1.8 at {world.cut[:9]}; {advice}")
    assert github.requests


@pytest.mark.parametrize(("words", "expected"), [((), 1), (("--rebuild",), 4)])
def test_tags_that_are_made_at_once(
    world: World, github: GitHubServer, words: tuple[str, ...], expected: int
) -> None:
    branch(world, "22.1.8")
    names = [f"clone{number}" for number in range(4)]
    for name in names:
        clone(world, name)

    def attempt(name: str) -> str | None:
        try:
            tag(world, "22.1.8", *words, name=name)
        except UserError as error:
            return str(error)
        return None

    with ThreadPoolExecutor() as pool:
        said = [it for it in pool.map(attempt, names) if it]
    assert set(world.project.tags()) == {f"llvm-22.1.8.{number:02}" for number in range(1, expected + 1)}
    assert len(said) == 4 - expected
    assert all("released already, as llvm-22.1.8.01" in it for it in said)
    assert github.requests
