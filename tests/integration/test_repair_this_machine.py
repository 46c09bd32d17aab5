"""Wheels of a system whose glibc is newer than auditwheel's newest policy are for that machine only."""

from __future__ import annotations

import shutil
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from mlir_release.errors import ToolFailed
from mlir_release.repair import is_for_this_machine, repair
from mlir_release.repair.linux import Auditwheel
from workshop import grafts

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.store import Store
    from workshop import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")


@pytest.fixture
def raw(workshop: Workshop, tmp_path: Path) -> Path:
    """A wheel that needs a symbol of a C library to come."""
    script = tmp_path / "versions"
    script.write_text("GLIBC_2.999 { to_come; };\n")
    stub = workshop.link(
        tmp_path / "stub" / "libm.so.6",
        "void to_come(void) {}\n",
        "-Wl,-soname,libm.so.6",
        f"-Wl,--version-script={script}",
    )
    return workshop.raw(tmp_path, stub, "-Wl,--undefined=to_come", "-Wl,--no-as-needed")


def test_it_is_grafted_and_checked_and_keeps_the_plain_tag(
    workshop: Workshop, raw: Path, store: Store
) -> None:
    repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
    assert repaired.name == raw.name
    assert is_for_this_machine(repaired)
    assert len(grafts(repaired)) == 1
    with zipfile.ZipFile(repaired) as archive:
        (wheel,) = (name for name in archive.namelist() if name.endswith("/WHEEL"))
        assert "-linux_x86_64" in archive.read(wheel).decode()
    shutil.rmtree(workshop.foreign)
    Auditwheel().check(repaired)


def test_what_is_nowhere_fails_as_ever(raw: Path, store: Store, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as caught:
        repair(raw, library_dirs=[tmp_path], store=store)
    assert "libforeign.so" in caught.value.log.read_text()


def test_another_wheel_does_not_become_one(workshop: Workshop, store: Store, tmp_path: Path) -> None:
    assert not is_for_this_machine(
        repair(workshop.raw(tmp_path), library_dirs=[workshop.foreign], store=store)
    )
