"""Small releases of a few wheels, as manifests and as folders."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from mlir_release import tags, targets
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.manifest import File, Manifest, TestRun
from mlir_release.publishing.rules import python_of
from mlir_release.sdk.wheel_file import newest_platform
from wheels import COMMIT, SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PROJECT = "mlir-python-bindings"
PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313")
# The wheels that run here, of this Python and for the newest of such systems.
HERE = newest_platform()
CP = f"cp{sys.version_info.major}{sys.version_info.minor}"
OURS = f"{CP}-{CP}-{HERE}"
_SYSTEMS = ("win_amd64", "macosx_11_0_arm64", "musllinux_1_2_x86_64", "musllinux_1_2_aarch64")


def bindings(tag: str, *requires: str, says: str = "ours") -> SmallWheel:
    """A wheel of the bindings for an interpreter and a platform, whose module says who made it."""
    files = {"who.py": f"WHO = {says!r}\n".encode()}
    return SmallWheel(name=PROJECT, tag=tag, requires=requires, files=files)


# Wheels that are not for us: of other interpreters, one that differs by its ABI alone, and of other systems.
OTHERS = (
    *(bindings(f"{tag}-{tag}-{HERE}", says="another's") for tag in PYTHONS if tag != CP),
    bindings(f"{CP}-{CP}t-{HERE}", says="another's"),
    *(bindings(f"{CP}-{CP}-{system}", says="another's") for system in _SYSTEMS),
)


def day(number: int) -> str:
    """The version of a snapshot, counted in days."""
    return f"24.0.0.dev{dt.date(2026, 1, 1) + dt.timedelta(days=number):%Y%m%d}01"


def wheel_name(number: int) -> str:
    """The file of the bindings for us, of the snapshot of a day."""
    return f"mlir_python_bindings-{day(number)}-{OURS}.whl"


def write_set(
    sets: Path, version: str, wheels: Iterable[SmallWheel], *, requires_python: str | None = ">=3.9"
) -> Manifest:
    """A release set in a folder of its own, as far as an index and an installer look at it."""
    folder = sets / str(tags.of_version(version))
    shutil.rmtree(folder, ignore_errors=True)
    paths = [replace(wheel, version=version).write(folder) for wheel in wheels]
    made = manifest_of(version, [_describe(path, requires_python) for path in paths])
    (folder / manifests.NAME).write_text(manifests.text(made))
    return made


def file_of(
    name: str, size: int, sha256: str, metadata_sha256: str, *, requires_python: str | None = ">=3.9"
) -> File:
    """A wheel as a manifest has it."""
    distribution, version, _, found = parse_wheel_filename(name)
    one = next(iter(found))
    target = targets.of_platform(one.platform)
    assert target, name
    return File(
        name=name,
        size=size,
        sha256=sha256,
        metadata_sha256=metadata_sha256,
        distribution=distribution,
        version=str(version),
        python=python_of(one),
        target=target.name,
        tags=tuple(sorted(map(str, found))),
        requires_python=requires_python,
        sdk_provider="build",
        compiler="clang 22.1.8",
        tests=(TestRun(suite="own", passed=1, failed=0, skipped=0),),
    )


def manifest_of(version: str, files: Iterable[File]) -> Manifest:
    tag = tags.of_version(version)
    snapshot = isinstance(tag, tags.Snapshot)
    return Manifest(
        tag=str(tag),
        version=version,
        project_commit="ab" * 20,
        llvm_commit=COMMIT,
        llvm_version=f"{version.partition('.dev')[0]}git" if snapshot else version.partition(".post")[0],
        llvm_ref="main",
        patches=(),
        rehearsal=False,
        files=tuple(sorted(files, key=lambda it: it.name)),
    )


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _describe(path: Path, requires_python: str | None) -> File:
    """A wheel that was written; its metadata is put beside it."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (it for it in archive.namelist() if it.endswith(".dist-info/METADATA"))
        metadata = archive.read(name)
    path.with_name(f"{path.name}{manifests.METADATA_SUFFIX}").write_bytes(metadata)
    content = path.read_bytes()
    return file_of(
        path.name, len(content), digest(content), digest(metadata), requires_python=requires_python
    )
