"""Whether the patches apply: to the pin without the network, to another commit, to a checkout as it is."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from git_world import Bare, version_file
from llvm_tree import COMMIT, NOWHERE, TAKEN, World, content, git
from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source import PARTS
from mlir_release.source.layout import VERSION_FILE
from mlir_release.source.tree import pristine
from mlir_release.store import content_key
from mlir_release.train.patch_check import PatchesFail, run_patches

if TYPE_CHECKING:
    from pathlib import Path

NEW = """\
Why: a new file
Upstream: https://example.org/
Drop-when: never
Applies-to: >=22

--- /dev/null
+++ b/mlir/new.txt
@@ -0,0 +1 @@
+new
"""


@dataclass(frozen=True)
class Session:
    """The session in a project of its own, as nox calls it."""

    root: Path
    world: World

    def pin(self, pin: Pin) -> None:
        archives = "".join(f'"{name}" = "{sha256}"\n' for name, sha256 in pin.archives.items())
        text = f'commit = "{pin.commit}"\nversion = "{pin.version}"\nref = "main"\n[archives]\n{archives}'
        (self.root / "llvm-project.version").write_text(text)

    def run(self, *words: str, url: str = NOWHERE) -> None:
        run_patches([*words, "--cache", str(self.world.store.root)], self.root, url)

    def boxes(self) -> set[str]:
        return {path.parent.name for path in (self.world.store.root / "source").glob("*/manifest.json")}


@pytest.fixture
def session(world: World, tmp_path: Path) -> Session:
    """With a pin that has an archive; the source was not obtained yet."""
    made = Session(tmp_path, world)
    made.pin(world.packed())
    return made


class TestPin:
    def test_a_tree_that_is_there_serves_at_once_and_without_the_archive(
        self, session: Session, capsys: pytest.CaptureFixture[str]
    ) -> None:
        session.world.patch()
        (session.world.patches / "0002-new.patch").write_text(NEW)
        session.world.obtain(session.world.packed())
        shutil.rmtree(session.world.store.root / "archives")
        boxes = session.boxes()
        start = time.monotonic()
        session.run()
        assert time.monotonic() - start < 5
        assert session.boxes() == boxes
        said = capsys.readouterr().out
        assert "for LLVM   ==22.*; the pin, 22.1.8, is one of them" in said
        for word in ("why        a test", "upstream   https://example.org/", "drop when  never"):
            assert word in said
        assert f"to LLVM 22.1.8 ({COMMIT[:9]}) apply 0001-test.patch, 0002-new.patch" in said

    def test_a_tree_with_other_patches_serves_too(
        self, session: Session, capsys: pytest.CaptureFixture[str]
    ) -> None:
        session.world.patch()
        (session.world.patches / "0002-new.patch").write_text(NEW)
        session.world.obtain(session.world.packed())
        shutil.rmtree(session.world.store.root / "archives")
        # As it is in the box now, and as it was not upstream.
        session.world.patch(old="project(patched)")
        with pytest.raises(PatchesFail) as caught:
            session.run()
        assert str(caught.value).startswith("0001-test.patch cannot be applied to LLVM 22.1.8 ")
        assert (
            "   0001-test.patch: mlir/CMakeLists.txt, hunk 1 (line 1): line 1 should be 'project(patched)',"
            " but there is 'project(mlir)'\n"
        ) in capsys.readouterr().out

    def test_patches_of_other_lines_are_listed_and_not_checked(
        self, session: Session, capsys: pytest.CaptureFixture[str]
    ) -> None:
        session.world.patch(old="project(other)", applies=">=23")
        session.run()
        said = capsys.readouterr().out
        assert "for LLVM   >=23; the pin, 22.1.8, is none of them" in said
        assert f"no patch belongs to LLVM 22.1.8 ({COMMIT[:9]}): there is nothing to check" in said

    def test_a_box_from_before_originals_were_kept_stays_and_another_is_made(
        self, session: Session, capsys: pytest.CaptureFixture[str]
    ) -> None:
        session.world.patch()
        tree = session.world.obtain(session.world.packed())
        shutil.rmtree(tree.path.parent / "originals")
        (tree.path.parent / "added").unlink()
        before = content(tree.path.parent, times=True)
        session.run()
        assert f"no tree in the store has these files of {COMMIT[:9]} unpatched" in capsys.readouterr().out
        assert content(tree.path.parent, times=True) == before
        assert session.world.obtain(session.world.packed()) == tree
        # Now that is there.
        shutil.rmtree(session.world.store.root / "archives")
        session.run()
        assert "unpatched" not in capsys.readouterr().out

    @pytest.mark.usefixtures("without_tools")
    def test_no_way_to_the_source_is_one_line(self, session: Session) -> None:
        session.world.patch()
        shutil.rmtree(session.world.store.root / "archives")
        with pytest.raises(UserError, match=r"the source of llvm-project 22\.1\.8 is out of reach: git"):
            session.run()

    def test_a_pin_that_says_another_version_is_one_line(self, session: Session) -> None:
        pin = session.world.packed()
        session.pin(Pin(commit=pin.commit, version="23.1.0", archives=pin.archives))
        with pytest.raises(UserError, match=r"is LLVM 22\.1\.8, the pin says 23\.1\.0; mend the pin"):
            session.run()


class TestOriginals:
    def test_they_are_kept_and_the_key_does_not_know(self, world: World) -> None:
        patch = world.patch()
        (world.patches / "0002-new.patch").write_text(NEW)
        tree = world.obtain(world.packed())
        box = tree.path.parent
        assert content(box / "originals").keys() == {"mlir/CMakeLists.txt"}
        assert (box / "added").read_text() == "mlir/new.txt\n"
        patches = [[it.name, it.sha256] for it in tree.patches]
        assert patches[0][0] == patch.name
        assert tree.key == content_key({"commit": COMMIT, "parts": sorted(PARTS), "patches": patches})

    @pytest.mark.parametrize("patched", [True, False])
    def test_files_as_upstream_has_them(self, world: World, tmp_path: Path, *, patched: bool) -> None:
        if patched:
            world.patch()
            (world.patches / "0002-new.patch").write_text(NEW)
        pin = world.packed()
        world.obtain(pin)
        shutil.rmtree(world.store.root / "archives")
        paths = ["mlir/CMakeLists.txt", "mlir/new.txt", "mlir/nowhere.txt", "llvm/LICENSE.TXT"]
        pristine(pin, paths, store=world.store, into=tmp_path / "into", remote=NOWHERE)
        got = {
            str(it.relative_to(tmp_path / "into")) for it in (tmp_path / "into").rglob("*") if it.is_file()
        }
        assert got == {"mlir/CMakeLists.txt", "llvm/LICENSE.TXT"}
        for name in got:
            assert (tmp_path / "into" / name).read_text() == TAKEN[name]

    def test_a_patched_copy_of_the_commit_serves_and_one_of_a_changed_checkout_does_not(
        self, world: World, tmp_path: Path
    ) -> None:
        world.patch()
        checkout = shutil.copytree(world.pristine, tmp_path / "checkout", symlinks=True)
        git(checkout, "init", "--quiet", "--initial-branch=main")
        git(checkout, "add", "--all")
        git(checkout, "commit", "--quiet", "--message=x")
        pin = Pin(commit=git(checkout, "rev-parse", "HEAD"), version="22.1.8")

        def ask(into: str) -> str:
            paths = ["mlir/CMakeLists.txt"]
            pristine(pin, paths, store=world.store, into=tmp_path / into, remote=NOWHERE)
            return (tmp_path / into / "mlir/CMakeLists.txt").read_text()

        (checkout / "mlir/x.txt").write_text("changed\n")
        world.obtain(pin, checkout=checkout)
        with pytest.raises(UserError, match="out of reach"):
            ask("changed")
        (checkout / "mlir/x.txt").unlink()
        world.obtain(pin, checkout=checkout)
        assert ask("clean") == "project(mlir)\n"


class TestCommit:
    @pytest.fixture
    def upstream(self, tmp_path: Path) -> Bare:
        return Bare.make(tmp_path / "upstream.git")

    def test_another_commit_with_its_own_version(
        self, session: Session, upstream: Bare, capsys: pytest.CaptureFixture[str]
    ) -> None:
        files = {VERSION_FILE: version_file("24.0.0git"), "mlir/CMakeLists.txt": "project(mlir)\n"}
        good = upstream.commit("good", files)
        bad = upstream.commit("bad", {"mlir/CMakeLists.txt": "project(new)\n"})
        session.world.patch(applies=">=24")
        session.run("--commit", good, url=upstream.url)
        said = capsys.readouterr().out
        assert "for LLVM   >=24; the pin, 22.1.8, is none of them" in said
        assert f"to LLVM 24.0.0git ({good[:9]}) apply 0001-test.patch" in said
        with pytest.raises(PatchesFail, match=rf"0001-test.patch cannot .* LLVM 24.0.0git \({bad[:9]}\)"):
            session.run("--commit", bad, url=upstream.url)
        assert "0001-test.patch: mlir/CMakeLists.txt, hunk 1 (line 1): " in capsys.readouterr().out

    def test_one_that_is_no_llvm_project(self, session: Session, upstream: Bare) -> None:
        commit = upstream.commit("other", {"README": "x\n"})
        session.world.patch()
        with pytest.raises(UserError, match=f"{commit[:9]} has no cmake/Modules/LLVMVersion.cmake; take"):
            session.run("--commit", commit, url=upstream.url)

    def test_one_that_is_nowhere_is_one_line(self, session: Session, upstream: Bare) -> None:
        upstream.commit("x")
        with pytest.raises(UserError) as caught:
            session.run("--commit", "c" * 40, url=upstream.url)
        assert "c" * 40 in str(caught.value)


class TestCheckout:
    def test_its_files_as_they_are(self, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
        session.world.patch()
        tree = session.world.pristine
        before = content(tree, times=True)
        session.run("--llvm-project", str(tree))
        assert f"to LLVM 22.1.8 ({tree}) apply 0001-test.patch" in capsys.readouterr().out
        assert content(tree, times=True) == before
        (tree / "mlir/CMakeLists.txt").write_text("project(mine)\n")
        with pytest.raises(PatchesFail):
            session.run("--llvm-project", str(tree))
        assert "but there is 'project(mine)'" in capsys.readouterr().out

    def test_a_folder_that_is_none_is_one_line(self, session: Session, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="is not an llvm-project checkout: it is not a folder"):
            session.run("--llvm-project", str(tmp_path / "nowhere"))


def test_a_patch_that_is_malformed_is_one_line(session: Session) -> None:
    session.world.patch(applies="22.x")
    with pytest.raises(UserError, match=r"0001-test\.patch: Applies-to: '22\.x' is not a version specifier"):
        session.run()
