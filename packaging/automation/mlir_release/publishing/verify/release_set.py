"""Whether the files in a folder are the release that its manifest describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.publishing import manifest as manifests
from mlir_release.publishing.manifest import METADATA_SUFFIX, NAME, NOTES, SUMS, BadManifest
from mlir_release.publishing.verify import wheel
from mlir_release.sdk import ProviderName
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest
    from mlir_release.publishing.verify.report import Report

# As sha256sum writes it and reads it.
_SUM = re.compile(r"([0-9a-f]{64}) [ *]([^\s/\\][^/\\]*)")
_LARGEST = 10**6


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What SHA256SUMS says: the sha256 of files by name; and what is wrong with it."""

    of: Mapping[str, str]
    problems: tuple[str, ...]


def check(folder: Path, report: Report) -> Manifest | None:
    """Look at all files of a folder, and tell the report; return the manifest, None if it cannot be read.

    Raises:
        OSError: the folder cannot be read.
    """
    names = sorted(path.name for path in folder.iterdir())
    manifest, wrong = _manifest(folder / NAME)
    sums = _sums(folder / SUMS)
    report.add(NAME, [*wrong, *(_of_sum(folder / NAME, sums) if not wrong else ())])
    report.add(SUMS, [*sums.problems, *_unlisted(sums, names)])
    for name in sorted({*names, *_expected(manifest)} - {NAME, SUMS, NOTES}):
        path = folder / name
        detail = f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else ""
        report.add(name, _of_file(path, manifest, sums), detail)
    return manifest


def _manifest(path: Path) -> tuple[Manifest | None, list[str]]:
    if not path.is_file():
        return None, ["it is not there"]
    try:
        manifest = manifests.read(path)
    except BadManifest as error:
        return None, [str(error)]
    providers = {it.sdk_provider for it in manifest.files} - {ProviderName.BUILD}
    if providers and not manifest.rehearsal:
        return manifest, [
            f"it has wheels of the SDK provider {it}, and is no rehearsal" for it in sorted(providers)
        ]
    return manifest, []


def _expected(manifest: Manifest | None) -> set[str]:
    """The wheels of a release and what is beside them."""
    files = manifest.files if manifest else ()
    return {name for file in files for name in (file.name, file.name + METADATA_SUFFIX)}


def _sums(path: Path) -> Sums:
    try:
        with path.open(encoding="utf-8") as stream:
            lines = stream.read(_LARGEST).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        missing = isinstance(error, FileNotFoundError)
        return Sums(of={}, problems=("it is not there" if missing else f"it cannot be read ({error})",))
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, 1):
        said = _SUM.fullmatch(line)
        if not said:
            problems.append(f"its line {number} is no sum: {line[:80]!r}")
        elif said[2] in found:
            problems.append(f"it lists {said[2]} twice")
        else:
            found[said[2]] = said[1]
    return Sums(of=found, problems=tuple(problems))


def _unlisted(sums: Sums, names: list[str]) -> Iterator[str]:
    if sums.of or not sums.problems:
        yield from (f"it does not list {name}" for name in names if name not in {*sums.of, SUMS, NOTES})
        yield from (f"it lists {name}, which is not there" for name in sorted(sums.of.keys() - set(names)))


def _of_sum(path: Path, sums: Sums) -> Iterator[str]:
    wanted = sums.of.get(path.name)
    if wanted and path.is_file() and (found := file_sha256(path)) != wanted:
        yield f"its sha256 is {found}, {SUMS} says {wanted}"


def _of_file(path: Path, manifest: Manifest | None, sums: Sums) -> Iterator[str]:
    """What is wrong with a wheel, with the metadata beside it, or with another file."""
    if not path.is_file():
        yield "it is no file" if path.exists() else "it is not there"
        return
    if manifest and path.name not in _expected(manifest):
        yield "the manifest does not list it"
    yield from _of_sum(path, sums)
    if manifest:
        yield from _of_manifest(path, manifest)
    if path.suffix == ".whl":
        yield from wheel.problems(path)


def _of_manifest(path: Path, manifest: Manifest) -> Iterator[str]:
    files = {file.name: file for file in manifest.files}
    described = files.get(path.name.removesuffix(METADATA_SUFFIX))
    if not described:
        return
    is_wheel = path.name == described.name
    wanted = described.sha256 if is_wheel else described.metadata_sha256
    if (found := file_sha256(path)) != wanted:
        yield f"its sha256 is {found}, the manifest says {wanted}"
    if is_wheel:
        if (size := path.stat().st_size) != described.size:
            yield f"it has {size} bytes, the manifest says {described.size}"
        yield from wheel.differences(path, described, manifest)
