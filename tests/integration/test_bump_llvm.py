"""What bumps ask llvm-project for: whether patches apply to a commit, and whether its checks are green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bumping import NOW, Train
from git_world import World, git
from github_server import GitHubServer
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.pin import FILE_NAME
from mlir_release.train import bump

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "snapshot-20261122.01"
PATCH = """\
Why: a test
Upstream: https://example.org/
Drop-when: never
Applies-to: >=24

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-{old}
+project(patched)
"""


@pytest.fixture
def train(tmp_path: Path) -> Train:
    world = World(tmp_path)
    return Train(world, world.clone("clone"))


class TestPatches:
    def test_one_that_applies(self, train: Train) -> None:
        train.world.project.commit("patch", {"patches/0003-test.patch": PATCH.format(old="project(mlir)")})
        assert train.bump().tag

    def test_one_that_does_not_is_named_with_file_and_hunk(
        self, train: Train, capsys: pytest.CaptureFixture[str]
    ) -> None:
        train.world.project.commit("patch", {"patches/0003-test.patch": PATCH.format(old="project(other)")})
        before = train.everything()
        with pytest.raises(UserError, match=r"0003-test\.patch cannot be applied to LLVM 24\.0\.0git"):
            train.bump()
        assert train.everything() == before
        assert "0003-test.patch: mlir/CMakeLists.txt, hunk 1" in capsys.readouterr().out

    def test_a_green_commit_to_which_one_does_not_apply_is_passed_over(
        self, train: Train, capsys: pytest.CaptureFixture[str]
    ) -> None:
        train.world.project.commit("patch", {"patches/0003-test.patch": PATCH.format(old="project(mlir)")})
        fits = train.world.newest
        broken = train.world.upstream.commit("broken", {"mlir/CMakeLists.txt": "project(other)\n"})
        later = train.world.upstream.commit("later", {"x": "1"})
        assert train.bump(green=[fits, broken]).tag
        assert pins.parse(train.world.project.text("main", FILE_NAME), "").commit == fits
        said = capsys.readouterr().out
        assert f"{broken[:9]} is passed over: 0003-test.patch" in said
        assert later[:9] not in said.partition("the newest is")[2].partition("\n")[2]
        # None is left that is newer and fits: a train that stands still is no success.
        before = train.everything()
        with pytest.raises(UserError, match=r"0003-test\.patch cannot be applied to LLVM 24\.0\.0git"):
            train.bump()
        assert train.everything() == before
        assert train.bump(force=True).tag
        with pytest.raises(UserError, match=r"0003-test\.patch cannot be applied"):
            train.bump(any=True)

    def test_one_that_is_malformed(self, train: Train) -> None:
        train.world.project.commit("patch", {"patches/0003-test.patch": "nothing"})
        with pytest.raises(UserError, match=r"^patches/0003-test\.patch: there is no unified diff in it"):
            train.bump()

    def test_no_patches_at_all(self, train: Train) -> None:
        names = git(train.world.project.path, "ls-tree", "--name-only", "main", "patches/").split()
        train.world.project.commit("none", dict.fromkeys(names))
        assert train.bump().tag


def test_checks_are_asked_of_github(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with GitHubServer() as server:
        llvm = server.repository("llvm/llvm-project")
        llvm.check(train.world.cut, "build", "success")
        llvm.check(train.world.newest, "build", "failure")
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", server.token)
        words = ["--upstream", train.world.upstream.url, "--cache", str(train.world.root / "cache")]
        bump.run(words, train.checkout, now=NOW)
    assert pins.parse(train.world.project.text(FIRST, FILE_NAME), "").commit == train.world.cut
    said = capsys.readouterr().out
    assert (
        f"   {train.world.newest[:9]} of 2026-11-22 02:00, [mlir] Change something: checks are red\n" in said
    )
