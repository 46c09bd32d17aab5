"""The source tree from a checkout, which is never written to."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from git_world import assume_another_owner
from llvm_tree import COMMIT, World, content, git
from mlir_release.pin import Pin

if TYPE_CHECKING:
    from pathlib import Path


class TestCheckout:
    @pytest.fixture
    def checkout(self, world: World, tmp_path: Path) -> Path:
        """A git checkout of the tree, clean."""
        folder = shutil.copytree(world.pristine, tmp_path / "checkout", symlinks=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=x")
        return folder

    def test_in_place_without_patches(self, world: World, checkout: Path) -> None:
        world.patch(applies=">=23")
        before = content(checkout, times=True)
        tree = world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout)
        assert tree.path == checkout
        assert (tree.origin, tree.commit) == ("checkout", git(checkout, "rev-parse", "HEAD"))
        assert tree.patches == ()
        assert content(checkout, times=True) == before

    def test_patches_go_to_a_copy(self, world: World, checkout: Path) -> None:
        world.patch()
        # An index whose times are stale: git would like to write it anew.
        os.utime(checkout / "LICENSE.TXT")
        before = content(checkout, times=True)
        tree = world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout)
        assert content(checkout, times=True) == before
        assert tree.path.is_relative_to(world.store.root)
        assert (tree.origin, tree.commit) == ("checkout", git(checkout, "rev-parse", "HEAD"))
        world.assert_whole(tree, patched=True)
        # The same commit with other times is the same tree.
        os.utime(checkout / "mlir/CMakeLists.txt", (1, 1))
        assert world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout) == tree

    def test_changes_of_its_own_make_another_tree(
        self, world: World, checkout: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.patch()
        pin = Pin(commit=COMMIT, version="22.1.8")
        clean = world.obtain(pin, checkout=checkout)
        (checkout / "mlir/new.txt").write_text("new\n")
        changed = world.obtain(pin, checkout=checkout)
        assert changed.key != clean.key
        assert (changed.path / "mlir/new.txt").is_file()
        assert "has changes of its own" in capsys.readouterr().out
        assert world.obtain(pin, checkout=checkout).key == changed.key
        # What is not in the parts does not matter.
        (checkout / "README.md").write_text("changed\n")
        (checkout / "mlir/new.txt").unlink()
        assert world.obtain(pin, checkout=checkout).key == clean.key

    def test_a_file_that_the_user_has_git_ignore_is_a_change(
        self, world: World, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.patch()
        pin = Pin(commit=COMMIT, version="22.1.8")
        clean = world.obtain(pin, checkout=checkout)
        (tmp_path / "ignored").write_text("*.txt\n")
        (tmp_path / "config").write_text(f"[core]\nexcludesFile = {tmp_path}/ignored\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
        (checkout / "mlir/new.txt").write_text("new\n")
        assert world.obtain(pin, checkout=checkout).key != clean.key

    def test_without_git_and_inside_of_another_repository(self, world: World, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet", "--initial-branch=main")
        git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=not llvm")
        world.patch()
        pin = Pin(commit=COMMIT, version="22.1.8")
        tree = world.obtain(pin, checkout=world.pristine)
        assert tree.commit is None
        world.assert_whole(tree, patched=True)
        (world.pristine / "LICENSE.TXT").write_text("Licence\n")
        assert world.obtain(pin, checkout=world.pristine).key != tree.key

    def test_a_name_that_ends_in_a_space(self, world: World, checkout: Path) -> None:
        checkout = checkout.rename(checkout.with_name("checkout "))
        tree = world.obtain(Pin(commit=COMMIT, version="22.1.8"), checkout=checkout)
        assert tree.commit == git(checkout, "rev-parse", "HEAD")

    def test_one_of_another_user_is_one_line(
        self, world: World, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assume_another_owner(tmp_path / "bin", monkeypatch)
        assert "is another user's" in world.one_line(Pin(commit=COMMIT), checkout=checkout)

    def test_another_version_is_said_and_taken(
        self, world: World, checkout: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tree = world.obtain(Pin(commit=COMMIT, version="23.1.0"), checkout=checkout)
        assert tree.version == "22.1.8"
        assert "is LLVM 22.1.8, the pin is 23.1.0: the checkout is taken" in capsys.readouterr().out

    def test_a_patch_that_fails_leaves_the_checkout_alone(self, world: World, checkout: Path) -> None:
        world.patch(old="project(other)")
        before = content(checkout, times=True)
        message = world.one_line(Pin(commit=COMMIT), checkout=checkout)
        assert "mlir/CMakeLists.txt, hunk 1" in message
        assert content(checkout, times=True) == before

    @pytest.mark.parametrize(
        ("gone", "said"),
        [
            ("mlir/CMakeLists.txt", "it has no mlir/CMakeLists.txt"),
            ("cmake/Modules/LLVMVersion.cmake", "it has no cmake/Modules/LLVMVersion.cmake"),
            ("llvm/LICENSE.TXT", "has no llvm/LICENSE.TXT"),
        ],
    )
    def test_what_is_no_llvm_project_is_one_line(self, world: World, gone: str, said: str) -> None:
        (world.pristine / gone).unlink()
        assert said in world.one_line(Pin(commit=COMMIT), checkout=world.pristine)

    def test_a_folder_that_is_not_there(self, world: World, tmp_path: Path) -> None:
        assert "it is not a folder" in world.one_line(Pin(commit=COMMIT), checkout=tmp_path / "nowhere")

    def test_a_version_file_that_says_nothing(self, world: World) -> None:
        (world.pristine / "cmake/Modules/LLVMVersion.cmake").write_text("set(X 1)\n")
        message = world.one_line(Pin(commit=COMMIT), checkout=world.pristine)
        assert "does not say which LLVM version" in message
