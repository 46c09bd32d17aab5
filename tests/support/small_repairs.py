"""Wheels with files of other systems: made, repaired through the public function, changed and packed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release import apt, repair
from mlir_release.errors import UserError
from mlir_release.repair.wheel_files import BadWheel
from mlir_release.store import Store
from wheels import FACTS, SmallWheel, record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlir_release.repair import Repairer

INFO = "tiny-1.0.dist-info"
INIT = b"from tiny._tiny import answer, caught\n"


def ensure_installed(packages: Sequence[str], programs: Sequence[Path], log: Path) -> None:
    """Root on Debian and Ubuntu gets what is missing, others are told."""
    if not all(program.exists() for program in programs):
        assert apt.can_install(), f"these tests need {', '.join(packages)}: {apt.command(packages)}"
        apt.install(packages, log)


def raw_wheel(folder: Path, tag: str, files: Mapping[str, Path | bytes], *programs: str) -> Path:
    """A wheel as a build makes it; files are given by their place in it."""
    content = {name: it if isinstance(it, bytes) else it.read_bytes() for name, it in files.items()}
    facts = {**FACTS, "version": "1.0"}
    wheel = SmallWheel(name="tiny", version="1.0", tag=tag, files=content, programs=programs, facts=facts)
    return wheel.write(folder / "raw")


def repaired(raw: Path, *library_dirs: Path) -> Path:
    """Its repaired form, in a store of its own beside it."""
    return repair.repair(raw, library_dirs=library_dirs, store=Store.open(raw.parent / "store"))


def names(wheel: Path) -> list[str]:
    """The files of a wheel, less its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(it for it in archive.namelist() if not it.startswith(INFO))


def unpack(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def packed(content: Path, name: str) -> Path:
    """A wheel of all files of a folder, with a RECORD that is right."""
    files = {it.relative_to(content).as_posix(): it for it in sorted(content.rglob("*")) if it.is_file()}
    data = {it: path.read_bytes() for it, path in files.items() if it != f"{INFO}/RECORD"}
    data[f"{INFO}/RECORD"] = record(data, INFO).encode()
    path = content.parent / name
    with zipfile.ZipFile(path, "w") as archive:
        for it, text in data.items():
            archive.writestr(it, text)
    return path


def zipped(content: Path, name: str) -> Path:
    """A wheel of all files of a folder, with the RECORD that is there."""
    archive = Path(shutil.make_archive(str(content.parent / "zipped"), "zip", content))
    return archive.replace(content.parent / name)


def problems_of(repairer: Repairer, wheel: Path) -> str:
    """The one line of a bad wheel, as far as it is about what is wrong."""
    with pytest.raises(BadWheel) as caught:
        repairer.check(wheel)
    assert len(str(caught.value).splitlines()) == 1
    return "; ".join(caught.value.problems)


def refusal_of(raw: Path, *library_dirs: Path) -> str:
    """The one line with which a repair ends; nothing is left under a final name."""
    with pytest.raises(UserError) as caught:
        repaired(raw, *library_dirs)
    assert len(str(caught.value).splitlines()) == 1
    assert not list(raw.parent.glob("store/repaired/*"))
    return str(caught.value)
