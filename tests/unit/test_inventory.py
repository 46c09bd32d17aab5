from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mlir_release import inventory
from mlir_release.inventory import Changed

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    (folder / "prefix/lib").mkdir(parents=True)
    (folder / "prefix/lib/libMLIRIR.a").write_bytes(b"!<arch>\n1")
    (folder / "prefix/lib/libMLIR.so").symlink_to("libMLIRIR.a")
    (folder / "cost.json").write_text("{}")
    inventory.write(folder)
    return folder


def test_nothing_has_changed(folder: Path) -> None:
    assert inventory.changed(folder) == []


def test_a_copy_with_new_times_is_the_same(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, symlinks=True, copy_function=shutil.copyfile)
    assert inventory.changed(copy) == []


def test_every_change_is_named(folder: Path) -> None:
    (folder / "prefix/lib/libMLIRIR.a").write_bytes(b"!<arch>\n2")
    (folder / "prefix/lib/libMLIR.so").unlink()
    (folder / "prefix/lib/libMLIR.so").symlink_to("libMLIRxx.a")
    (folder / "cost.json").unlink()
    assert inventory.changed(folder) == ["cost.json", "prefix/lib/libMLIR.so", "prefix/lib/libMLIRIR.a"]


def test_a_list_that_is_gone_or_damaged_is_itself_named(folder: Path) -> None:
    (folder / "files.json").write_text("{")
    assert inventory.changed(folder) == ["files.json"]
    (folder / "files.json").unlink()
    assert inventory.changed(folder) == ["files.json"]


def test_a_box_is_used_again_while_it_is_as_it_was_made(store: Store) -> None:
    def make(work: Path) -> None:
        (work / "a.whl").write_text("whole")

    def never(work: Path) -> None:
        raise AssertionError(work)

    first = inventory.obtain(store, "repaired", {"raw": "1"}, make)
    again = inventory.obtain(store, "repaired", {"raw": "1"}, never)
    assert (first.reused, again.reused, again.path) == (False, True, first.path)
    (first.path / "a.whl").write_text("cut")
    for _ in range(2):
        with pytest.raises(
            Changed, match=rf"^{first.path} was changed .*: a\.whl; delete it to have it made"
        ):
            inventory.obtain(store, "repaired", {"raw": "1"}, never)
    shutil.rmtree(first.path)
    assert not inventory.obtain(store, "repaired", {"raw": "1"}, make).reused
