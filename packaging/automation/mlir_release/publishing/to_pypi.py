"""A release set to a package index: PyPI, TestPyPI, or another one.

An index has no drafts: each file is public once it is uploaded. So all that can be wrong is looked for first,
what others depend on goes first, and a run that was stopped is finished by the next one, which sends what
is not there with the same sha256.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.publishing import upload
from mlir_release.publishing.index_trouble import IndexTrouble, attempts
from mlir_release.publishing.place import PYPI, TESTPYPI, Place
from mlir_release.publishing.standing import Standing, compare, in_order
from mlir_release.retries import without_advice
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from twine.package import PackageFile

    from mlir_release.publishing.manifest import File, Manifest
    from mlir_release.publishing.simple_api import Index, Listed

__all__ = ["PYPI", "QUOTA", "TESTPYPI", "publish"]

# Of all files of a project together on PyPI, in bytes, unless it was granted more (PyPI's documentation,
# "Storage limits").
QUOTA = 10 * 10**9
# Seconds until an index must show what it took: PyPI's passes through caches.
_PATIENCE = 900.0
# The same where it says that it has a file already.
_GRACE = 30.0
_LONGEST_PAUSE = 30.0


def publish(
    folder: Path,
    manifest: Manifest,
    *,
    url: str,
    new: Collection[str] = (),
    quota: int = QUOTA,
    patience: float = _PATIENCE,
) -> None:
    """Upload what an index has not got of a release, and see that all of it is there.

    Nothing is uploaded when a file there has the name of one of ours and other bytes, or a project is not
    ours. Run again after a success, it only looks.

    Args:
        folder: the release set.
        manifest: its manifest.
        url: where the index takes uploads: ``PYPI``, ``TESTPYPI``, or another one's.
        new: the projects that the index need not know yet, and that are registered then.
        quota: how many bytes a project may have on PyPI.
        patience: seconds until the index must list what it took.

    Raises:
        UserError: the release does not belong there, its files are not those of the manifest, the index has
            others under their names, does not let us upload to each project, refuses a file, does not answer,
            or does not list one in time.
    """
    place = Place.at(url)
    place.ensure_takes(manifest)
    with log.stage("look at what is here and there"):
        packages = _packages(folder, manifest)
        index = place.index()
        listed = _listed(index, manifest)
        standing = _standing(index, manifest, listed, quota=quota if place.public else None)
        order = in_order(standing.missing, _requirements(manifest, packages))
        log.say(f"   {len(order)} of {len(manifest.files)} files are to be uploaded to {url}")
    start = time.monotonic()
    if order:
        with log.stage("see whose projects they are"):
            _ensure_ours(place, packages, manifest, {name for name in listed if not listed[name]}, new)
        with log.stage("upload"):
            _upload_all(order, packages, manifest, place, index)
        with log.stage("read back"):
            _read_back(index, manifest, patience)
    _report(manifest, order, url, time.monotonic() - start)


def _packages(folder: Path, manifest: Manifest) -> dict[str, PackageFile]:
    """What twine sends of each file, by name.

    Raises:
        UserError: files are not those of the manifest; all of them are named.
    """
    problems = [text for file in manifest.files if (text := _difference(folder / file.name, file))]
    if problems:
        raise UserError(f"{folder} is not the release set of {manifest.tag}: {'; '.join(problems)}")
    return {file.name: upload.read(folder / file.name) for file in manifest.files}


def _difference(path: Path, file: File) -> str | None:
    try:
        if path.stat().st_size != file.size:
            return f"{file.name} has {path.stat().st_size} bytes instead of {file.size}"
        if file_sha256(path) != file.sha256:
            return f"{file.name} has another sha256"
    except OSError as error:
        return f"{file.name} cannot be read ({error.strerror})"
    return None


def _requirements(manifest: Manifest, packages: Mapping[str, PackageFile]) -> dict[str, list[str]]:
    """The requirements of each project: those of all its files."""
    found: dict[str, list[str]] = {file.distribution: [] for file in manifest.files}
    for file in manifest.files:
        found[file.distribution] += packages[file.name].metadata.get("requires_dist", [])
    return found


def _ensure_ours(
    place: Place,
    packages: Mapping[str, PackageFile],
    manifest: Manifest,
    unknown: Collection[str],
    new: Collection[str],
) -> None:
    """See that every project of a release takes our uploads: what is uploaded can never be taken back.

    Args:
        place: the index.
        packages: what twine sends of each file, by name.
        manifest: of the release.
        unknown: the projects that the index does not know.
        new: those that it need not know.

    Raises:
        UserError: one is somebody else's, or would be registered and is not to be; all of them are named.
    """
    projects = {file.distribution: packages[file.name] for file in manifest.files}
    problems = [f"no project of it is called {name}" for name in sorted(set(new) - projects.keys())]
    for name, package in projects.items():
        if name in unknown and name not in new:
            problems.append(f"{name} is not registered there; if it is to be, say --new {name}")
            continue
        try:
            for attempt in attempts():
                with attempt:
                    upload.ensure_allowed(package, place.url, public=place.public)
        except upload.Refused as error:
            problems.append(f"{name} is not ours there: {error}")
    if problems:
        raise UserError(f"nothing of {manifest.tag} was uploaded to {place.url}: {'; '.join(problems)}")


def _listed(index: Index, manifest: Manifest) -> dict[str, dict[str, Listed]]:
    """What the index has of each project of a release, by name."""
    return {name: index.files(name) for name in sorted({file.distribution for file in manifest.files})}


def _standing(
    index: Index,
    manifest: Manifest,
    listed: Mapping[str, Mapping[str, Listed]],
    *,
    quota: int | None = None,
) -> Standing:
    """What the index has of the release.

    Raises:
        UserError: something there forbids to send the rest; all that does is named.
    """
    found = compare(manifest, listed, quota=quota)
    if found.problems:
        raise UserError(
            f"{manifest.tag} cannot be published to {index.url}: {'; '.join(found.problems)}; what is"
            " published stays as it is, so make a release with another version, or take the first run's files"
        )
    return found


def _upload_all(
    files: Sequence[File],
    packages: Mapping[str, PackageFile],
    manifest: Manifest,
    place: Place,
    index: Index,
) -> None:
    for number, file in enumerate(files, 1):
        log.say(f"   [{number}/{len(files)}] {file.name}, {file.size / 1e6:.1f} MB")
        start = time.monotonic()
        for attempt in attempts():
            with attempt:
                _upload(packages[file.name], file, manifest, place, index)
        log.say(f"   [{number}/{len(files)}] is there after {log.duration(time.monotonic() - start)}")


def _upload(package: PackageFile, file: File, manifest: Manifest, place: Place, index: Index) -> None:
    """Upload a file, unless an error turns out to mean that it is there already."""
    try:
        upload.upload(package, place.url)
    except IndexTrouble as error:
        # Its answer was lost.
        _ensure_there(error, file, manifest, index, patience=0.0)
    except upload.Refused as error:
        # Another run was faster, or the one before was stopped and the index did not show yet what it took.
        _ensure_there(error, file, manifest, index, patience=_GRACE if error.perhaps_there else 0.0)


def _ensure_there(error: UserError, file: File, manifest: Manifest, index: Index, *, patience: float) -> None:
    """Raise an error, unless the index shows in time that it has the file."""
    if any(file not in missing for missing in _looks(index, manifest, patience)):
        log.say(f"   {without_advice(error)}; but these bytes are there")
        return
    raise error


def _read_back(index: Index, manifest: Manifest, patience: float) -> None:
    """Wait until the index lists all files, with the right sha256.

    Raises:
        UserError: it does not in time.
    """
    names = ""
    for missing in _looks(index, manifest, patience):
        if not missing:
            return
        names = ", ".join(file.name for file in missing)
        log.say(f"   not listed yet: {names}")
    raise UserError(
        f"{index.url} took all files and does not list {names}; run this again later: what is there is not"
        " sent twice"
    )


def _looks(index: Index, manifest: Manifest, patience: float) -> Iterator[tuple[File, ...]]:
    """What the index has not got of the release, again and again with growing pauses, while there is time."""
    deadline, pause = time.monotonic() + patience, 1.0
    yield _standing(index, manifest, _listed(index, manifest)).missing
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
        yield _standing(index, manifest, _listed(index, manifest)).missing


def _report(manifest: Manifest, uploaded: Sequence[File], url: str, seconds: float) -> None:
    size = sum(file.size for file in uploaded)
    rows = [
        ("index", url),
        ("version", manifest.version),
        ("uploaded", f"{len(uploaded)} files, {size / 1e6:.1f} MB, in {log.duration(seconds)}"),
        ("there before", f"{len(manifest.files) - len(uploaded)} files"),
        ("read back", f"all {len(manifest.files)} files, by sha256"),
    ]
    log.summary(f"{manifest.tag} is published", rows)
