"""A small release set that is all that it says: wheels with provenance and SBOM, manifest, sums."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlir_release import sbom
from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.manifest import METADATA_SUFFIX, NAME, SUMS, File, Manifest, PatchFile, TestRun
from wheels import COMMIT, SmallWheel

if TYPE_CHECKING:
    from collections.abc import Callable

TAG, VERSION = "llvm-22.1.8.01", "22.1.8"
PROJECT_COMMIT = "ab" * 20
PATCH = PatchFile(name="0001-x.patch", sha256="cd" * 32)
PLATFORM = "manylinux_2_28_x86_64"
BINDINGS, SDK = "mlir-python-bindings", "mlir-sdk"
FACTS: dict[str, Any] = {
    "tag": TAG,
    "version": VERSION,
    "llvm_commit": COMMIT,
    "llvm_version": VERSION,
    "llvm_ref": "llvmorg-22.1.8",
    "patches": [dataclasses.asdict(PATCH)],
    "sdk_provider": "build",
    "compiler": "Clang 22.1.8",
    "nanobind_version": "2.12.0",
}
_TAGS = {BINDINGS: f"cp312-cp312-{PLATFORM}", SDK: f"py3-none-{PLATFORM}"}


@dataclass
class ReleaseSet:
    """A folder with a release; ``manifest`` is what is in it, until ``write`` another one."""

    folder: Path
    manifest: Manifest

    def copy(self, folder: Path) -> ReleaseSet:
        """The same in another folder, which must not be there yet."""
        return ReleaseSet(Path(shutil.copytree(self.folder, folder)), self.manifest)

    def path(self, distribution: str) -> Path:
        """The wheel of a distribution."""
        (file,) = (it for it in self.manifest.files if it.distribution == distribution)
        return self.folder / file.name

    def write(self, **changes: Any) -> None:
        """Write the manifest, with changes, and right sums."""
        self.manifest = dataclasses.replace(self.manifest, **changes)
        (self.folder / NAME).write_text(manifests.text(self.manifest))
        self.write_sums()

    def write_sums(self) -> None:
        names = sorted(path.name for path in self.folder.iterdir() if path.name != SUMS)
        lines = [f"{sha256((self.folder / name).read_bytes())}  {name}\n" for name in names]
        (self.folder / SUMS).write_text("".join(lines))

    def describe(self, distribution: str, **changes: Any) -> None:
        """Let the manifest say what a wheel is now, with changes."""
        path = self.path(distribution)
        (old,) = (it for it in self.manifest.files if it.distribution == distribution)
        content = path.read_bytes()
        new = dataclasses.replace(old, **{"size": len(content), "sha256": sha256(content), **changes})
        self.write(files=tuple(new if it is old else it for it in self.manifest.files))


def release_set(folder: Path, *distributions: str) -> ReleaseSet:
    """Make one in a folder, of these distributions, by default of all."""
    files = tuple(_file(_wheel(folder, name), name) for name in sorted(distributions or _TAGS))
    made = ReleaseSet(
        folder,
        Manifest(
            tag=TAG,
            version=VERSION,
            project_commit=PROJECT_COMMIT,
            llvm_commit=COMMIT,
            llvm_version=VERSION,
            llvm_ref="llvmorg-22.1.8",
            patches=(PATCH,),
            rehearsal=False,
            files=files,
        ),
    )
    made.write()
    return made


def changed(wheel: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Change files in a wheel, whose RECORD stays as it is."""
    with zipfile.ZipFile(wheel) as old:
        content = {it: old.read(it) for it in old.infolist()}
    with zipfile.ZipFile(wheel, "w") as new:
        for member, data in content.items():
            new.writestr(member, change(member.filename, data))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wheel(folder: Path, name: str) -> Path:
    small = SmallWheel(
        name=name,
        version=VERSION,
        tag=_TAGS[name],
        files={f"{name.replace('-', '_')}/lib.so": bytes(range(256)) * 4},
        facts=FACTS,
    )
    made = small.write(folder)
    sbom.add(made)
    with zipfile.ZipFile(made) as archive:
        (info,) = (it for it in archive.namelist() if it.endswith(".dist-info/METADATA"))
        made.with_name(made.name + METADATA_SUFFIX).write_bytes(archive.read(info))
    return made


def _file(wheel: Path, distribution: str) -> File:
    content = wheel.read_bytes()
    return File(
        name=wheel.name,
        size=len(content),
        sha256=sha256(content),
        metadata_sha256=sha256(wheel.with_name(wheel.name + METADATA_SUFFIX).read_bytes()),
        distribution=distribution,
        version=VERSION,
        python=_TAGS[distribution].partition("-")[0],
        target="linux-x86_64",
        tags=(_TAGS[distribution],),
        requires_python=">=3.9",
        sdk_provider="build",
        compiler="Clang 22.1.8",
        tests=(TestRun(suite="own", passed=1, failed=0, skipped=0),),
    )
