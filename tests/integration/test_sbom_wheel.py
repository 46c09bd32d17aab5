"""The SBOM of a wheel that auditwheel has repaired: what it says of grafted libraries, and installed."""

from __future__ import annotations

import ctypes.util
import json
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from mlir_release import environments, sbom
from mlir_release.errors import UserError
from mlir_release.repair import repair
from mlir_release.run import run
from mlir_release.sdk.wheel_file import WheelFile
from mlir_release.store import Store, file_sha256
from wheels import FACTS, SmallWheel
from workshop import EXTENSION, grafts

if TYPE_CHECKING:
    from pathlib import Path

    from workshop import Workshop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")

INFO = "tiny-1.0.dist-info"
NAME, AUDITWHEELS = "mlir-py-release.cdx.json", "auditwheel.cdx.json"
RELEASE: dict[str, Any] = {**FACTS, "tag": None, "version": "1.0"}


def raw_wheel(workshop: Workshop, folder: Path, facts: dict[str, Any] = RELEASE) -> Path:
    """A wheel that links to a library that no package has, and to one that a package of the system has."""
    zstd = ctypes.util.find_library("zstd")
    assert zstd, "this test needs libzstd, which is part of nearly every Linux: install it"
    libraries = ("-Wl,--no-as-needed", f"-L{workshop.foreign}", "-lforeign", f"-l:{zstd}")
    extension = workshop.link(folder / f"_tiny{workshop.suffix}", EXTENSION, *libraries)
    files = {
        f"tiny/{extension.name}": extension.read_bytes(),
        "tiny/__init__.py": b"from tiny._tiny import answer\n",
        "tiny/tool": b"#!/bin/sh\n",
    }
    tag = f"{workshop.interpreter.tag}-{workshop.interpreter.tag}-linux_x86_64"
    return SmallWheel(
        name="tiny", version="1.0", tag=tag, files=files, programs=("tiny/tool",), facts=facts
    ).write(folder / "raw")


@pytest.fixture(scope="module")
def raw(furnished: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return raw_wheel(furnished, tmp_path_factory.mktemp("sbom"))


@pytest.fixture(scope="module")
def repaired(furnished: Workshop, raw: Path) -> Path:
    return repair(raw, library_dirs=[furnished.foreign], store=Store.open(raw.parent / "store"))


def said(wheel: Path, name: str = NAME) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        document: dict[str, Any] = json.loads(archive.read(f"{INFO}/sboms/{name}"))
    return document


def test_it_is_right_and_lists_what_was_grafted(repaired: Path) -> None:
    assert sbom.check(repaired) == []
    places = {
        it["evidence"]["occurrences"][0]["location"]
        for it in said(repaired)["components"]
        if "evidence" in it
    }
    with zipfile.ZipFile(repaired) as archive:
        assert places == {name for name in archive.namelist() if name.startswith("tiny.libs/l")}
    assert len(places) == 2
    assert set(grafts(repaired)) < places


def test_auditwheels_own_is_kept_named_and_about_the_same_wheel(repaired: Path) -> None:
    theirs, ours = said(repaired, AUDITWHEELS), said(repaired)
    assert [it["name"] for it in theirs["components"] if "zstd" in it["purl"]]
    subject = ours["metadata"]["component"]
    assert [it["url"] for it in subject["externalReferences"]] == [AUDITWHEELS]
    assert subject["purl"] == theirs["metadata"]["component"]["purl"]


def test_the_same_wheel_gives_the_same_bytes(furnished: Workshop, raw: Path, repaired: Path) -> None:
    # Auditwheel itself writes the time of now.
    again = repair(raw, library_dirs=[furnished.foreign], store=Store.open(raw.parent / "other"))
    assert again != repaired
    assert file_sha256(again) == file_sha256(repaired)


def test_it_is_installed_with_the_sbom(furnished: Workshop, repaired: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = environments.create(furnished.interpreter, tmp_path / "environment", log=log)
    environment.install(["--no-index", repaired], log=log)
    run([environment.python, "-m", "pip", "check"], log=log)
    assert run([environment.python, "-Ic", "import tiny; print(tiny.answer())"], quiet=True).output == "42\n"
    (place,) = (tmp_path / "environment").rglob(f"{INFO}/sboms/{NAME}")
    assert json.loads(place.read_text(encoding="utf-8")) == said(repaired)


def test_its_record_is_right_and_programs_can_be_run(repaired: Path, tmp_path: Path) -> None:
    WheelFile(path=repaired, name="tiny", version=Version("1.0")).unpack(tmp_path)
    assert (tmp_path / "tiny/tool").stat().st_mode & 0o111
    assert not (tmp_path / "tiny/__init__.py").stat().st_mode & 0o111


def test_auditwheel_sees_the_same_platform(repaired: Path) -> None:
    shown = run([sys.executable, "-m", "auditwheel", "show", repaired], quiet=True).output
    platform = repaired.stem.rpartition("-")[2].split(".")[0]
    assert f'"{platform}"' in " ".join(shown.split())


def test_a_wheel_that_does_not_say_what_it_is_of_is_not_repaired(
    furnished: Workshop, store: Store, tmp_path: Path
) -> None:
    raw = raw_wheel(furnished, tmp_path, {**RELEASE, "llvm_version": None})
    with pytest.raises(UserError, match=r"release\.json does not say its llvm_version; build it again$"):
        repair(raw, library_dirs=[furnished.foreign], store=store)
    assert not list((store.root / "repaired").glob("*"))
