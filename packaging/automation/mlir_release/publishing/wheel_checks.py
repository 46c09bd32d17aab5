"""What one wheel must be to become part of a release: looked at from its name to its last byte."""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mlir_release import provenance, tags, targets, wheel_record
from mlir_release.errors import UserError
from mlir_release.publishing import manifest, record, rules
from mlir_release.publishing.manifest import BadManifest, File, Manifest, PatchFile
from mlir_release.publishing.values import PYTHON, WHEEL
from mlir_release.sdk import ProviderName
from mlir_release.tags import Numbered
from mlir_release.targets import Slot
from mlir_release.wheel_record import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from email.message import Message
    from pathlib import Path

    from packaging.tags import Tag

    from mlir_release.distributions import Distribution
    from mlir_release.pin import Pin
    from mlir_release.publishing.record import Record
    from mlir_release.series import Abi
    from mlir_release.source.patches import Patch

# The platform of a wheel that needs a newer glibc than manylinux has.
_ONE_MACHINE = re.compile(r"-linux_\w+\.whl$")


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the wheels of a release are to be.

    ``version`` is theirs; ``commit`` (40 digits) is this project's, and ``pin``, which says its version and
    ref, and ``patches`` what they are made from; ``abis`` for which interpreters; ``distributions`` all that
    is packaged. A ``rehearsal`` may
    be made with any SDK and for newer systems.
    """

    tag: str
    version: str
    commit: str
    pin: Pin
    patches: tuple[Patch, ...]
    abis: tuple[Abi, ...]
    distributions: tuple[Distribution, ...]
    rehearsal: bool

    def manifest(self, files: Iterable[File], findings: Iterable[str] = ()) -> Manifest:
        """The manifest of a release that has these files, and these findings."""
        return Manifest(
            tag=self.tag,
            version=self.version,
            project_commit=self.commit,
            llvm_commit=self.pin.commit,
            llvm_version=self.pin.version or "",
            llvm_ref=self.pin.ref or "",
            patches=tuple(PatchFile(name=it.name, sha256=it.sha256) for it in self.patches),
            rehearsal=self.rehearsal,
            files=tuple(sorted(files, key=lambda file: file.name)),
            findings=tuple(sorted(set(findings))),
        )


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that wants to be in a release: its size in bytes and sha256, and what tests of it came to."""

    path: Path
    size: int
    sha256: str
    tested: Record


@dataclass(frozen=True, kw_only=True)
class Named:
    """What the name of a wheel says: its slot in a release, its version as it is spelled, its tags."""

    slot: Slot
    version: str
    tags: frozenset[Tag]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a look at a wheel gave: all that is wrong with it, or else its line of the manifest.

    ``findings`` are known to be wrong upstream. One that is not ``readable`` is too damaged for others to
    look at it.
    """

    problems: tuple[str, ...]
    file: File | None = None
    findings: tuple[str, ...] = ()
    readable: bool = True

    def but(self, problems: Iterable[str]) -> Looked:
        """The same, with problems that somebody else has found."""
        found = (*self.problems, *problems)
        return replace(self, problems=found, file=None if found else self.file)


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What is in a wheel: its metadata (the bytes and their headers), WHEEL, provenance."""

    metadata: bytes
    headers: Message
    wheel: Message
    facts: Mapping[str, Any]


def named(name: str) -> Named | None:
    """What a file's name says; None if it is not that of a wheel for one interpreter and one known system."""
    try:
        _, _, build, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return None
    target = {targets.of_platform(tag.platform) for tag in tags}
    python = {rules.python_of(tag) for tag in tags}
    if not WHEEL.fullmatch(name) or build or len(target) != 1 or len(python) != 1:
        return None
    if not all(map(PYTHON.fullmatch, python)):
        return None
    distribution, version, _ = name.split("-", 2)
    only = target.pop()
    if only is None:
        return None
    slot = Slot(distribution=canonicalize_name(distribution), target=only.name, python=python.pop())
    return Named(slot=slot, version=version, tags=tags)


def unnamed(name: str) -> str:
    """What is wrong with a file's name that ``named`` does not know."""
    if _ONE_MACHINE.search(name):
        return "it is for the machine that made it: build it with --container or --sysroot"
    return "its name is not that of a wheel for one interpreter and a system that is known"


def examine(candidate: Candidate, said: Named, promise: Promise) -> Looked:
    """Look at a wheel.

    Args:
        candidate: the file.
        said: what its name says.
        promise: what it is to be.
    """
    found = [*_outside(candidate, said, promise)]
    try:
        with zipfile.ZipFile(candidate.path) as archive:
            info = wheel_record.info_of(candidate.path.name)
            found += wheel_record.problems(archive, info)
            content = _read(archive, info, candidate.path)
    except (*UNREADABLE, UserError) as error:
        return Looked(problems=(*found, _reason(error, candidate.path)), readable=False)
    known = (*provenance.findings(content.facts), *candidate.tested.findings)
    found += [*_metadata(content, said), *_origin(content.facts, promise)]
    if known and isinstance(tags.parse(promise.tag), Numbered):
        found += [f"a numbered release has nothing that is known to be wrong: {it}" for it in known]
    if found:
        return Looked(problems=tuple(found))
    entry = _entry(candidate, said, content)
    try:
        # It can say of itself what no manifest holds: other than text, or not in one line.
        manifest.parse(manifest.text(promise.manifest([entry])), candidate.path.name)
    except BadManifest as error:
        return Looked(problems=(str(error),))
    return Looked(problems=(), file=entry, findings=known)


def _outside(candidate: Candidate, said: Named, promise: Promise) -> Iterator[str]:
    """What is wrong with its size, its name and its tests."""
    distribution = next((it for it in promise.distributions if it.name == said.slot.distribution), None)
    if candidate.size >= rules.WHEEL_LIMIT:
        megabytes = rules.WHEEL_LIMIT / 1e6
        yield f"it has {candidate.size / 1e6:.1f} MB, and must have less than {megabytes:g} MB"
    elif distribution and not promise.rehearsal and (large := distribution.too_large(candidate.size)):
        yield large
    if said.version != promise.version:
        yield f"it is of version {said.version}, not {promise.version}"
    yield from _platforms(said, promise)
    if distribution:
        abi = next((it for it in promise.abis if it.name == said.slot.python), None)
        owed = record.owed(distribution, promise.distributions, abi, rehearsal=promise.rehearsal)
        passed = {run.suite for run in candidate.tested.runs if run.passed and not run.failed}
        for suite in sorted(owed - passed):
            yield f"it is not recorded that these bytes have passed the tests {suite}"


def _platforms(said: Named, promise: Promise) -> Iterator[str]:
    (target,) = (it for it in targets.TARGETS if it.name == said.slot.target)
    if not promise.rehearsal:
        for platform in sorted({tag.platform for tag in said.tags}):
            if not target.accepts(platform):
                yield f"its platform {platform} is newer than {target.limit()}"


def _read(archive: zipfile.ZipFile, info: str, path: Path) -> _Content:
    metadata = archive.read(f"{info}/METADATA")
    parser = HeaderParser()
    return _Content(
        metadata=metadata,
        headers=parser.parsestr(metadata.decode("utf-8")),
        wheel=parser.parsestr(archive.read(f"{info}/WHEEL").decode("utf-8")),
        facts=provenance.read(path),
    )


def _metadata(content: _Content, said: Named) -> Iterator[str]:
    """What its metadata says otherwise than its name."""
    name, version = (str(content.headers[key]) for key in ("Name", "Version"))
    if canonicalize_name(name) != said.slot.distribution or version != said.version:
        yield f"its metadata is of {name} {version}"
    listed = content.wheel.get_all("Tag", [])
    if frozenset(tag for text in listed for tag in parse_tag(text)) != said.tags:
        yield f"its WHEEL has the tags {', '.join(sorted(listed)) or 'of nothing'}, which its name has not"


def _origin(facts: Mapping[str, Any], promise: Promise) -> Iterator[str]:
    """What its provenance says otherwise than the checkout."""
    different = provenance.difference(facts, promise.pin.commit, promise.patches)
    if different:
        yield f"its {different}"
    wanted = {
        "tag": promise.tag,
        "version": promise.version,
        "llvm_version": promise.pin.version,
        "llvm_ref": promise.pin.ref,
    }
    for key, value in wanted.items():
        if facts.get(key) != value:
            yield f"its {provenance.NAME} has the {key} {facts.get(key)}, not {value}"
    provider = facts["sdk_provider"]
    if provider != ProviderName.BUILD and not promise.rehearsal:
        yield f"its SDK is from the provider {provider}, and only {ProviderName.BUILD} is released"
    if not isinstance(facts.get("compiler"), str):
        yield f"its {provenance.NAME} does not say its compiler"


def _entry(candidate: Candidate, said: Named, content: _Content) -> File:
    return File(
        name=candidate.path.name,
        size=candidate.size,
        sha256=candidate.sha256,
        metadata_sha256=hashlib.sha256(content.metadata).hexdigest(),
        distribution=said.slot.distribution,
        version=said.version,
        python=said.slot.python,
        target=said.slot.target,
        tags=tuple(sorted(map(str, said.tags))),
        requires_python=content.headers["Requires-Python"],
        sdk_provider=content.facts["sdk_provider"],
        compiler=content.facts["compiler"],
        tests=candidate.tested.runs,
    )


def _reason(error: Exception, path: Path) -> str:
    """What a damaged wheel was refused for, in one line that does not repeat its name."""
    if isinstance(error, UserError):
        return (
            str(error)
            .replace(f"{path} is not a whole wheel", "it is not a whole wheel")
            .replace(f"{path}: ", "")
        )
    return f"it is damaged ({error})"
