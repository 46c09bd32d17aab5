"""The files of a release set that go to GitHub, as they lie in its folder."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.publishing import manifest as manifests
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest

_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


@dataclass(frozen=True, kw_only=True)
class Local:
    """A file of a release set: where it is, its size in bytes, its sha256 (64 hexadecimal digits)."""

    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """What it is called on GitHub, too."""
        return self.path.name


def read(folder: Path, manifest: Manifest) -> tuple[Local, ...]:
    """The files of a release set that become files of its release, all hashed.

    The wheels come first, the manifest last: who sees that has seen all.

    Raises:
        UserError: the folder does not hold exactly what the manifest says; all that is wrong is named.
    """
    promised = _promised(manifest)
    names = [*promised, manifests.SUMS, manifests.NAME]
    try:
        there = {path.name for path in folder.iterdir()} - {manifests.NOTES}
        problems = [f"{name} is missing" for name in names if name not in there]
        problems += [f"{name} does not belong there" for name in sorted(there.difference(names))]
        files = [_read(folder / name) for name in names if name in there]
        problems += _differences(files, promised | {manifests.NAME: _sha256(manifests.text(manifest))})
        problems += _wrong_sums(folder, files)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); see to it") from None
    if problems:
        raise UserError(
            f"{folder} is not the release set of {manifest.tag}: {'; '.join(problems)}; make it again"
        )
    return tuple(files)


def _promised(manifest: Manifest) -> dict[str, str]:
    """The sha256 of wheels and of their metadata, by name."""
    wheels = {file.name: file.sha256 for file in manifest.files}
    suffix = manifests.METADATA_SUFFIX
    return wheels | {f"{file.name}{suffix}": file.metadata_sha256 for file in manifest.files}


def _read(path: Path) -> Local:
    return Local(path=path, size=path.stat().st_size, sha256=file_sha256(path))


def _differences(files: list[Local], wanted: Mapping[str, str]) -> Iterator[str]:
    for file in files:
        if wanted.get(file.name, file.sha256) != file.sha256:
            yield f"{file.name} has other bytes than the manifest says"


def _wrong_sums(folder: Path, files: list[Local]) -> Iterator[str]:
    """What ``sha256sum --check`` would complain of, and what it would not look at."""
    path = folder / manifests.SUMS
    wanted = {file.name: file.sha256 for file in files if file.name != manifests.SUMS}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    found = {match[2]: match[1] for line in lines if (match := _SUM.fullmatch(line))}
    if path.is_file() and (found != wanted or len(found) != len(lines)):
        yield f"{path.name} does not have the sums of the other files"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
