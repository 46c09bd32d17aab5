"""What must hold between the parts of a manifest, beyond the form of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlir_release import series, tags
from mlir_release.publishing.values import Malformed
from mlir_release.tags import Numbered
from mlir_release.targets import of_platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.tags import Tag

    from mlir_release.publishing.manifest import File, Manifest

# What a wheel must stay below, in bytes: PyPI takes no larger ones
# (its documentation, "Storage Limits").
WHEEL_LIMIT = 100 * 10**6
# What a release must stay below, in files: GitHub takes 1,000
# (https://docs.github.com/en/repositories/releasing-projects-on-github/about-releases).
_FILES_LIMIT = 1000
# Of a wheel itself and its metadata; and once manifest and sums.
_PER_WHEEL, _BESIDES = 2, 2


def check(manifest: Manifest) -> None:
    """See that the parts of a manifest belong together; raises ``Malformed``."""
    _check_version(manifest)
    _ensure_once("patch", [patch.name for patch in manifest.patches])
    names = [file.name for file in manifest.files]
    if not names:
        raise Malformed("it lists no files")
    if complaint := too_many(len(names)):
        raise Malformed(complaint)
    _ensure_once("file", names)
    if names != sorted(names):
        raise Malformed("its files are not in the order of their names")
    _ensure_once("wheel of", [f"{it.distribution} for {it.python} on {it.target}" for it in manifest.files])
    for file in manifest.files:
        _check_file(file, manifest.version)


def too_many(wheels: int) -> str | None:
    """What is wrong with the number of a release's files if it has so many wheels; None if nothing is."""
    count = _PER_WHEEL * wheels + _BESIDES
    return f"its files are {count}, and must be less than {_FILES_LIMIT}" if count >= _FILES_LIMIT else None


def python_of(tag: Tag) -> str:
    """The interpreter that a tag of a wheel names: ``cp311``, ``cp313t`` (free-threaded), ``py3``."""
    return series.of_wheel(tag.interpreter, tag.abi)


def _check_version(manifest: Manifest) -> None:
    try:
        tag, of_version = tags.parse(manifest.tag), tags.of_version(manifest.version)
    except tags.BadTag as error:
        raise Malformed(str(error)) from None
    if tag != of_version:
        raise Malformed(f"its version {manifest.version} is of {of_version}, not of {tag}")
    if isinstance(tag, Numbered):
        fits = tag.llvm_version == manifest.llvm_version
    else:
        fits = tag.version(manifest.llvm_version) == manifest.version
    if not fits:
        raise Malformed(f"{manifest.version} is no version of LLVM {manifest.llvm_version}")


def _check_file(file: File, version: str) -> None:
    if file.version != version:
        raise Malformed(f"{file.name} is of version {file.version}, not {version}")
    if file.size >= WHEEL_LIMIT:
        raise Malformed(f"{file.name} has {file.size} bytes, and must have less than {WHEEL_LIMIT}")
    _check_name(file)
    _ensure_once(f"{file.name}: the suite", [run.suite for run in file.tests])
    if not file.tests or any(run.failed or not run.passed for run in file.tests):
        raise Malformed(f"{file.name} has not passed tests")


def _check_name(file: File) -> None:
    """See that the name of a wheel says what the manifest says of it."""
    try:
        name, _, build, found = parse_wheel_filename(file.name)
    except InvalidWheelFilename as error:
        raise Malformed(str(error)) from None
    wanted = f"{name.replace('-', '_')}-{file.version}-"
    if name != file.distribution or not file.name.startswith(wanted) or build:
        raise Malformed(f"{file.name} is no file of {file.distribution} {file.version}")
    if list(file.tags) != sorted(map(str, found)):
        raise Malformed(f"{file.name} has other tags than {', '.join(file.tags)}")
    if {python_of(tag) for tag in found} != {file.python}:
        raise Malformed(f"{file.name} is not for {file.python}")
    if {target and target.name for target in map(of_platform, (tag.platform for tag in found))} != {
        file.target
    }:
        raise Malformed(f"{file.name} is not for {file.target}")


def _ensure_once(kind: str, names: Sequence[str]) -> None:
    """See that no name is there twice; systems that take A and a for one name must hold both."""
    seen = set()
    for name in names:
        if name.lower() in seen:
            raise Malformed(f"{kind} {name} is in it twice")
        seen.add(name.lower())
