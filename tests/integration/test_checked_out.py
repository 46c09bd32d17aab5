"""``--tag``: a release is built in a checkout of exactly its commit, with the version that its tag says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from git_world import World, git
from mlir_release import pin, tags
from mlir_release.errors import UserError
from mlir_release.train import bump, release_branch, release_tag
from mlir_release.train.released import checked_out

if TYPE_CHECKING:
    from pathlib import Path

    from session_project import Project

PATCHES = ("patches/0001-python-3.9.patch", "patches/0002-export-runtime-functions.patch")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world")


@pytest.fixture
def cache(tmp_path: Path) -> tuple[str, ...]:
    return ("--cache", str(tmp_path / "cache"))


def version(root: Path, tag: str) -> str:
    return checked_out(root, tags.parse(tag), pin.read(root / pin.FILE_NAME))


def refusal(root: Path, tag: str) -> str:
    with pytest.raises(UserError) as caught:
        version(root, tag)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def snapshot(world: World, cache: tuple[str, ...]) -> tuple[Path, str]:
    """A checkout of a new snapshot, and its tag."""
    root = world.clone("checkout")
    bump.run(["--any", "--upstream", world.upstream.url, *cache], root)
    (tag,) = world.project.tags()
    git(root, "fetch", "--quiet", "--tags")
    git(root, "checkout", "--quiet", tag)
    return root, tag


def test_a_snapshot_has_the_version_that_bump_computed(world: World, cache: tuple[str, ...]) -> None:
    root, tag = snapshot(world, cache)
    digits = tag.removeprefix("snapshot-").replace(".", "")
    assert version(root, tag) == f"24.0.0.dev{digits}"


def test_a_numbered_release_and_its_rebuild(world: World, cache: tuple[str, ...]) -> None:
    # Their files are not in the small llvm-project.
    world.project.commit("No patches", dict.fromkeys(PATCHES))
    root = world.clone("checkout")
    words = ["llvmorg-22.1.8", "--upstream", world.upstream.url, *cache]
    release_branch.run(words, root)
    release_tag.run(words, root)
    release_tag.run([*words, "--rebuild"], root)
    git(root, "fetch", "--quiet", "--tags")
    git(root, "checkout", "--quiet", "llvm-22.1.8.02")
    assert version(root, "llvm-22.1.8.01") == "22.1.8"
    assert version(root, "llvm-22.1.8.02") == "22.1.8.post1"


def test_a_lightweight_tag_says_it_by_its_name(world: World) -> None:
    world.project.tag("llvm-22.1.8.03", world.project.head(), annotated=False)
    assert version(world.clone("checkout"), "llvm-22.1.8.03") == "22.1.8.post2"


def test_a_tag_that_is_not_there(world: World) -> None:
    assert "has no tag snapshot-20261123.01; say git fetch" in refusal(
        world.clone("checkout"), "snapshot-20261123.01"
    )


def test_a_checkout_of_another_commit(world: World, cache: tuple[str, ...]) -> None:
    root, tag = snapshot(world, cache)
    git(root, "checkout", "--quiet", "HEAD~1")
    assert refusal(root, tag) == f"this checkout is not at {tag}; say git checkout {tag}"


def test_a_checkout_with_changes(world: World, cache: tuple[str, ...]) -> None:
    root, tag = snapshot(world, cache)
    (root / PATCHES[0]).write_text("changed\n")
    assert refusal(root, tag).startswith(f"this checkout is not what {tag} has: {PATCHES[0]} is another; put")
    # What is beside the project's files, such as wheels, is no change, and what tools leave is not, either.
    git(root, "checkout", "--quiet", ".")
    for name in ("wheelhouse/some.whl", "packaging/x/__pycache__/x.pyc", "packaging/.mypy_cache/x"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    assert version(root, tag)


@pytest.mark.parametrize("told", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("name", [PATCHES[0], pin.FILE_NAME])
def test_changes_that_git_was_told_not_to_see(
    world: World, cache: tuple[str, ...], told: str, name: str
) -> None:
    root, tag = snapshot(world, cache)
    git(root, "update-index", told, name)
    with (root / name).open("a") as file:
        file.write("\n")
    assert git(root, "status", "--porcelain") == ""
    assert f"{name} is another" in refusal(root, tag)


@pytest.mark.parametrize(
    "name", ["patches/0008-x.patch", "patches/.0008-x.patch", "packaging/x/pyproject.toml"]
)
@pytest.mark.parametrize("ignored", [False, True])
def test_files_that_the_tag_does_not_have(
    world: World, cache: tuple[str, ...], name: str, *, ignored: bool
) -> None:
    root, tag = snapshot(world, cache)
    (root / name).parent.mkdir(exist_ok=True, parents=True)
    (root / name).write_text("not the tag's\n")
    if ignored:
        (root / ".git/info").mkdir(exist_ok=True)
        (root / ".git/info/exclude").write_text(f"/{name}\n")
    assert f"{name} is none of its files" in refusal(root, tag)


def test_a_file_that_is_gone_or_leads_elsewhere(world: World, cache: tuple[str, ...]) -> None:
    root, tag = snapshot(world, cache)
    (root / PATCHES[0]).unlink()
    (root / PATCHES[1]).rename(root / "elsewhere")
    (root / PATCHES[1]).symlink_to(root / "elsewhere")
    (root / "patches/folder").symlink_to(root / ".git")
    assert (
        f"{PATCHES[0]} is another; {PATCHES[1]} is another; patches/folder is none of its files"
        in refusal(root, tag)
    )


def test_a_tag_of_another_version_than_the_pin(world: World) -> None:
    world.project.tag("llvm-22.1.7.01", world.project.head())
    assert refusal(world.clone("checkout"), "llvm-22.1.7.01") == (
        "llvm-22.1.7.01 pins LLVM 22.1.8; it is no release of 22.1.7"
    )


def test_a_tag_that_says_another_releases_version(world: World) -> None:
    head = world.project.head()
    git(world.project.path, "tag", "-a", "-m", "Version: 22.1.8.post4", "llvm-22.1.8.01", head)
    assert "which is another release's" in refusal(world.clone("checkout"), "llvm-22.1.8.01")


def test_sessions_refuse_before_any_work(project: Project) -> None:
    build = f"build-{project.series}"
    assert "'v1' is not a tag like" in project.refusal(build, "--tag", "v1")
    assert "is not a git checkout" in project.refusal(build, "--tag", "llvm-22.1.8.01", "--sdk", project.sdk)
    for session in (build, f"test-{project.series}", "sdk"):
        assert "leave --llvm-project out" in project.refusal(
            session, "--tag", "llvm-22.1.8.01", *project.here()
        )
