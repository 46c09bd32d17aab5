"""What a package index has of a release, and in which order the rest goes there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlir_release.publishing.manifest import File, Manifest
    from mlir_release.publishing.simple_api import Listed


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What of a release an index has not got, and what forbids to send it, each a part of a sentence."""

    missing: tuple[File, ...]
    problems: tuple[str, ...]


def compare(
    manifest: Manifest, listed: Mapping[str, Mapping[str, Listed]], *, quota: int | None = None
) -> Standing:
    """Hold a release against what an index lists.

    Args:
        manifest: of the release.
        listed: by project, the files that the index has of it, by name.
        quota: how many bytes a project may have there; None where that is not known.

    Returns:
        As missing, what is not there. A file is there if its name is, with the same sha256. Problems are
        other bytes under a name of ours, files of this version that are not ours, and too many bytes.
    """
    ours = {file.name for file in manifest.files}
    missing, problems = [], []
    for file in manifest.files:
        there = listed[file.distribution].get(file.name)
        if there is None:
            missing.append(file)
        elif there.sha256 is None:
            problems.append(f"it does not say the sha256 of its {file.name}")
        elif there.sha256 != file.sha256:
            problems.append(
                f"its {file.name} has other bytes ({there.sha256[:12]}, and here {file.sha256[:12]})"
            )
    for project in sorted(listed):
        foreign = _of_version(listed[project], manifest.version) - ours
        problems += [f"its {name} is no file of this release" for name in sorted(foreign)]
    if quota is not None:
        problems += _over(quota, missing, listed)
    return Standing(missing=tuple(missing), problems=tuple(problems))


def in_order(files: Iterable[File], requires: Mapping[str, Iterable[str]]) -> tuple[File, ...]:
    """Files in the order in which they can be installed: first those of projects that others depend on.

    Where nothing depends on each other, the project with the fewest files goes first, because the one with
    most takes longest to be complete.

    Args:
        files: in any order.
        requires: by project, its requirements (PEP 508), as its metadata has them.

    Raises:
        UserError: projects need each other in a circle, or a requirement is none.
    """
    by_project: dict[str, list[File]] = defaultdict(list)
    for file in sorted(files, key=lambda file: file.name):
        by_project[file.distribution].append(file)
    counts = Counter({project: len(found) for project, found in by_project.items()})
    return tuple(file for project in _sorted(counts, requires) for file in by_project[project])


def _sorted(counts: Mapping[str, int], requires: Mapping[str, Iterable[str]]) -> Iterator[str]:
    needed = {project: {_needed(text) for text in requires.get(project, ())} for project in counts}
    sorter = TopologicalSorter({project: needs & counts.keys() for project, needs in needed.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise UserError(
            f"{' needs '.join(reversed(error.args[1]))}, so none can be published first"
        ) from None
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=lambda project: (counts[project], project))
        yield ready[0]
        sorter.done(ready.pop(0))


def _needed(requirement: str) -> str:
    """The project that a requirement is about."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement as error:
        raise UserError(f"{requirement!r} is no requirement ({error}); build the wheel again") from None


def _of_version(names: Iterable[str], version: str) -> set[str]:
    return {name for name in names if _version(name) == Version(version)}


def _version(name: str) -> Version | None:
    """The version of a wheel or sdist, by its name; None if it is neither."""
    try:
        return parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _over(quota: int, missing: Iterable[File], listed: Mapping[str, Mapping[str, Listed]]) -> Iterator[str]:
    coming: Counter[str] = Counter()
    for file in missing:
        coming[file.distribution] += file.size
    for project, size in sorted(coming.items()):
        total = size + sum(file.size or 0 for file in listed[project].values())
        if total > quota:
            yield (
                f"{project} would have {total / 1e9:.2f} GB there, and may have {quota / 1e9:.2f}; ask for"
                " more room, or delete releases there"
            )
