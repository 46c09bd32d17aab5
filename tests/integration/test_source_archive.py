"""The source tree from pinned archives."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from llvm_tree import COMMIT, NOWHERE, ORIG, RELEASE, TAKEN, VERSION, World, write_tree
from mlir_release.errors import UserError
from mlir_release.pin import Pin
from mlir_release.source import PARTS, obtain
from mlir_release.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_an_unwritable_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    # Below a regular file nobody can write, root included.
    with pytest.raises(UserError, match="cannot write to"):
        Store.open(tmp_path / "file" / "store")


def _with_links(world: World, links: tuple[tuple[str, str], ...]) -> Pin:
    """A pin with an archive in its place that has links (path, target) after everything else."""
    place = world.store.root / "archives" / ORIG
    place.parent.mkdir()
    with tarfile.open(place, "w:xz", preset=0) as tar:
        tar.add(world.pristine, "top")
        for name, target in links:
            member = tarfile.TarInfo(f"top/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return Pin(commit=COMMIT, archives={ORIG: hashlib.sha256(place.read_bytes()).hexdigest()})


@pytest.mark.usefixtures("without_tools")
class TestArchive:
    def test_only_the_parts(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        tree = world.obtain(world.packed())
        assert (tree.origin, tree.commit, tree.version) == (f"archive {ORIG}", COMMIT, "22.1.8")
        assert "there is no git on PATH; going on to a pinned archive" in capsys.readouterr().out
        world.assert_whole(tree)

    def test_more_parts_are_another_tree(self, world: World) -> None:
        pin = world.packed()
        parts = (*PARTS, "llvm/docs")
        tree = obtain(pin, patches=world.patches, store=world.store, parts=parts, remote=NOWHERE)
        assert (tree.path / "llvm/docs/index.rst").is_file()
        assert not (tree.path / "llvm/library").exists()
        assert tree.key != world.obtain(pin).key

    def test_a_wrong_sha256_is_named_and_the_file_stays(self, world: World) -> None:
        pin = world.packed()
        place = world.store.root / "archives" / ORIG
        place.write_bytes(place.read_bytes() + b"\0")
        bad = place.read_bytes()
        message = world.one_line(pin)
        assert str(place) in message
        assert hashlib.sha256(bad).hexdigest() in message
        assert pin.archives[ORIG] in message
        assert place.read_bytes() == bad
        assert not (world.store.root / "source").exists()

    def test_no_way_at_all_says_every_way_and_the_way_out(self, world: World) -> None:
        pin = Pin(commit=COMMIT, version="22.1.8", archives={RELEASE: "0" * 64, ORIG: "1" * 64})
        message = world.one_line(pin)
        for said in (
            f"git fetch from {NOWHERE}: there is no git on PATH",
            f"{RELEASE}: it is no distribution's source package",
            f"{ORIG}: there is no apt on this machine",
            "--llvm-project DIR",
            f"{RELEASE} or {ORIG} into {world.store.root / 'archives'}",
        ):
            assert said in message

    def test_a_pin_without_archives(self, world: World) -> None:
        message = world.one_line(Pin(commit=COMMIT))
        assert message.endswith("Give a checkout with --llvm-project DIR")

    def test_another_version_inside_is_one_line(self, world: World) -> None:
        pin = world.packed()
        other = Pin(commit=pin.commit, version="22.1.9", archives=pin.archives)
        assert "is LLVM 22.1.8, the pin says 22.1.9" in world.one_line(other)

    def test_a_candidate_that_calls_itself_git_is_taken(self, world: World, tmp_path: Path) -> None:
        text = VERSION.replace(
            "SUFFIX)\n  set(LLVM_VERSION_SUFFIX)", "SUFFIX)\n  set(LLVM_VERSION_SUFFIX git)"
        )
        tree = write_tree(tmp_path / "rc", {**TAKEN, "cmake/Modules/LLVMVersion.cmake": text})
        pin = world.packed(tree=tree)
        candidate = Pin(commit=pin.commit, version="22.1.8rc1", archives=pin.archives)
        assert world.obtain(candidate).version == "22.1.8git"

    def test_a_missing_part_is_named(self, world: World, tmp_path: Path) -> None:
        files = {name: text for name, text in TAKEN.items() if not name.startswith("llvm/utils")}
        message = world.one_line(world.packed(tree=write_tree(tmp_path / "less", files)))
        assert "has no llvm/utils" in message

    @pytest.mark.parametrize(
        ("name", "link"),
        [
            ("top/mlir/../../../escaped", None),
            ("other/mlir/x", None),
            ("top/mlir/out", "../../../escaped"),
            ("top/mlir/out", "/etc/passwd"),
        ],
    )
    def test_members_that_lead_outside_are_refused(
        self, world: World, tmp_path: Path, name: str, link: str | None
    ) -> None:
        place = world.store.root / "archives" / ORIG
        place.parent.mkdir()
        with tarfile.open(place, "w:xz", preset=0) as tar:
            tar.add(world.pristine, "top")
            member = tarfile.TarInfo(name)
            if link:
                member.type, member.linkname = tarfile.SYMTYPE, link
            tar.addfile(member, io.BytesIO())
        sha256 = hashlib.sha256(place.read_bytes()).hexdigest()
        message = world.one_line(Pin(commit=COMMIT, archives={ORIG: sha256}))
        assert "cannot be unpacked" in message
        assert not list(tmp_path.rglob("escaped"))

    @pytest.mark.parametrize(
        "links",
        [
            {"mlir/a/b/up": "../..", "mlir/out": "a/b/up/../../../escaped"},
            {"mlir/a/b/up": "../..", "mlir/up": "a/b/up/..", "mlir/out": "up/.."},
        ],
    )
    def test_links_that_lead_outside_together_are_refused(
        self, world: World, tmp_path: Path, links: dict[str, str]
    ) -> None:
        assert "outside of the archive" in world.one_line(_with_links(world, tuple(links.items())))
        assert not list(tmp_path.rglob("escaped"))

    @pytest.mark.parametrize("second", ["mlir/new", "mlir/new/below"])
    def test_links_at_one_place_are_one_line(self, world: World, second: str) -> None:
        pin = _with_links(world, (("mlir/new", "CMakeLists.txt"), (second, "CMakeLists.txt")))
        assert "cannot be unpacked into" in world.one_line(pin)

    def test_links_in_a_circle_do_no_harm(self, world: World) -> None:
        world.obtain(_with_links(world, (("mlir/new", "other"), ("mlir/other", "new"))))

    @pytest.mark.parametrize("cut", [0, 10, 200])
    def test_an_archive_that_was_pinned_broken_is_one_line(self, world: World, cut: int) -> None:
        world.packed()
        place = world.store.root / "archives" / ORIG
        place.write_bytes(place.read_bytes()[:cut])
        pin = Pin(commit=COMMIT, archives={ORIG: hashlib.sha256(place.read_bytes()).hexdigest()})
        assert f"{place} cannot be unpacked" in world.one_line(pin)

    def test_a_patch_that_fails_names_file_and_hunk_and_keeps_no_tree(self, world: World) -> None:
        path = world.patch(old="project(other)")
        message = world.one_line(world.packed())
        assert f"{path} does not apply: mlir/CMakeLists.txt, hunk 1 (line 1)" in message
        assert not (world.store.root / "source").exists()
        assert not list((world.store.root / "work").rglob("CMakeLists.txt"))
        world.patch()
        world.assert_whole(world.obtain(world.packed()), patched=True)

    def test_a_malformed_patch_is_named_before_anything_is_fetched(self, world: World) -> None:
        path = world.patch(applies="twenty-two")
        assert str(path) in world.one_line(world.packed())
        assert not (world.store.root / "work").exists()
