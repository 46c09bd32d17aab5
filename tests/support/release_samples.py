"""Releases as manifests say them, many if need be."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from mlir_release import tags
from mlir_release.publishing.manifest import File, Manifest, PatchFile, TestRun
from mlir_release.publishing.page import Release, Site
from mlir_release.tags import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = "https://github.com/example/mlir-py-release"
SITE = Site.of("example/mlir-py-release")
PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313")
PLATFORMS = {
    "linux-aarch64": "manylinux_2_28_aarch64",
    "linux-x86_64": "manylinux_2_27_x86_64.manylinux_2_28_x86_64",
    "macos-arm64": "macosx_12_0_arm64",
    "macos-x86_64": "macosx_12_0_x86_64",
    "windows-amd64": "win_amd64",
}
_EVERY = ("llvm-sdk", "mlir-sdk", "mlir-tools")


def commit(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def wheel(distribution: str, version: str, python: str, target: str) -> File:
    tag = f"{python}-none" if python == "py3" else f"{python.removesuffix('t')}-{python}"
    name = f"{distribution.replace('-', '_')}-{version}-{tag}-{PLATFORMS[target]}.whl"
    return File(
        name=name,
        size=32_405_735,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        metadata_sha256=hashlib.sha256(b"metadata of " + name.encode()).hexdigest(),
        distribution=distribution,
        version=version,
        python=python,
        target=target,
        tags=tuple(sorted(f"{tag}-{platform}" for platform in PLATFORMS[target].split("."))),
        requires_python=">=3.9",
        sdk_provider="build",
        compiler="Clang 22.1.8",
        tests=(TestRun(suite="own", passed=10, failed=0, skipped=1),),
    )


def manifest(
    tag: str,
    *,
    llvm: str = "24.0.0git",
    pythons: tuple[str, ...] = PYTHONS,
    targets: tuple[str, ...] = tuple(PLATFORMS),
    **changes: Any,
) -> Manifest:
    """The manifest of a tag, with the wheels of these interpreters on these systems."""
    parsed = tags.parse(tag)
    version = parsed.version(llvm) if isinstance(parsed, Snapshot) else parsed.version()
    files = [
        wheel("mlir-python-bindings", version, python, target) for python in pythons for target in targets
    ]
    files += [wheel(name, version, "py3", target) for name in _EVERY for target in targets]
    content: dict[str, Any] = {
        "tag": tag,
        "version": version,
        "project_commit": commit(f"project {tag}"),
        "llvm_commit": commit(tag),
        "llvm_version": llvm if isinstance(parsed, Snapshot) else parsed.llvm_version,
        "llvm_ref": "main" if isinstance(parsed, Snapshot) else f"llvmorg-{parsed.llvm_version}",
        "patches": (PatchFile(name="0001-python-3.9.patch", sha256="1" * 64),),
        "rehearsal": False,
        "files": tuple(sorted(files, key=lambda it: it.name)),
    }
    return Manifest(**(content | changes))


def release(
    tag: str, published: dt.datetime | None = None, *, yanked: str | None = None, **facts: Any
) -> Release:
    """A public release; a snapshot is published on the morning of its day."""
    parsed = tags.parse(tag)
    day = parsed.day if isinstance(parsed, Snapshot) else dt.date(2026, 9, 1)
    return Release(
        manifest=manifest(tag, **facts),
        published=published or dt.datetime.combine(day, dt.time(5, 17), tzinfo=dt.UTC),
        notes=f"{PROJECT}/releases/tag/{tag}",
        files=f"{PROJECT}/releases/download/{tag}/",
        yanked=yanked,
    )


def snapshots(count: int) -> Iterator[Release]:
    """Two a day, with two wheels each, up to the 23rd of November 2026."""
    newest = dt.date(2026, 11, 23)
    for number in range(count):
        tag = Snapshot(newest - dt.timedelta(days=number // 2), 2 - number % 2)
        yield release(str(tag), pythons=("cp312",), targets=("linux-x86_64",))
