"""Whether one wheel is whole, and what a manifest says of it; anybody can have made it."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from mlir_release import provenance, sbom, wheel_record
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from email.message import Message
    from pathlib import Path

    from mlir_release.publishing.manifest import File, Manifest

# Besides: compressions that nobody uses for wheels, fields of impossible lengths, sizes beyond all memory.
_UNREADABLE = (*wheel_record.UNREADABLE, lzma.LZMAError, struct.error, ArithmeticError, MemoryError)
# In bytes. A wheel has less than 100 MB (``rules``), and its files never became ten times smaller.
_LARGEST = 2 * 10**9
_LARGEST_TEXT = 10**7


class Damaged(Exception):
    """A wheel, or a part of it, cannot be read; the message says why."""


def problems(wheel: Path) -> list[str]:
    """All in which a wheel contradicts itself: its name, its RECORD, its metadata, its SBOM."""
    return _found(lambda: _inside(wheel), wheel)


def differences(wheel: Path, file: File, manifest: Manifest) -> list[str]:
    """All in which what a wheel says of itself differs from the manifest; its bytes are not compared."""
    return [
        *_found(lambda: _of_metadata(wheel, file), wheel),
        *_found(lambda: _of_provenance(provenance.read(wheel), file, manifest), wheel),
    ]


def metadata(wheel: Path) -> bytes:
    """The METADATA in a wheel.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return _member(archive, wheel, "METADATA")
    except (*_UNREADABLE, UserError) as error:
        raise Damaged(_reason(error, wheel)) from None


def headers(content: bytes) -> Message:
    """What METADATA or WHEEL says, by the names of its fields."""
    return HeaderParser().parsestr(content.decode("utf-8", "replace"))


def requires_python(content: bytes) -> str | None:
    """The Pythons that METADATA allows; None for any."""
    found = headers(content)["Requires-Python"]
    return None if found is None else str(found)


def _found(look: Callable[[], Iterable[str]], wheel: Path) -> list[str]:
    """The problems that somebody finds who looks; that it cannot be read to the end is one, too."""
    found = []
    try:
        for problem in look():
            found.append(problem)  # noqa: PERF402 -- those before an error count
    except (*_UNREADABLE, Damaged, UserError) as error:
        found.append(_reason(error, wheel))
    return found


def _reason(error: BaseException, wheel: Path) -> str:
    """In words that do not repeat the file's name."""
    if isinstance(error, Damaged):
        return str(error)
    text = (
        str(error).replace(f"{wheel} is", "it is").replace(f"{wheel}: ", "").replace(str(wheel), wheel.name)
    )
    return text if isinstance(error, UserError) else f"it is damaged ({text or type(error).__name__})"


def _inside(wheel: Path) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        size = sum(it.file_size for it in archive.infolist())
        if size > _LARGEST:
            yield f"its files would have {size} bytes, which no wheel of ours has"
            return
        yield from wheel_record.problems(archive, _info(wheel))
        yield from _found(lambda: _headers(archive, wheel), wheel)
    yield from sbom.check(wheel)


def _headers(archive: zipfile.ZipFile, wheel: Path) -> Iterator[str]:
    """What METADATA and WHEEL say otherwise than the name of the file."""
    try:
        name, version, _, tags = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        yield f"it is not called as a wheel is ({error})"
        return
    said = headers(_member(archive, wheel, "METADATA"))
    if canonicalize_name(str(said["Name"])) != name or str(said["Version"]) != str(version):
        yield f"its METADATA is of {said['Name']} {said['Version']}"
    listed = headers(_member(archive, wheel, "WHEEL")).get_all("Tag", [])
    if frozenset(tag for text in listed for tag in parse_tag(text)) != tags:
        yield f"its WHEEL has the tags {', '.join(listed) or 'of nothing'}, not those of its name"


def _of_metadata(wheel: Path, file: File) -> Iterator[str]:
    content = metadata(wheel)
    if hashlib.sha256(content).hexdigest() != file.metadata_sha256:
        yield "its METADATA is not the one that the manifest has the sha256 of"
    if requires_python(content) != file.requires_python:
        yield f"it is for Python {requires_python(content)}, the manifest says {file.requires_python}"


def _of_provenance(facts: Mapping[str, Any], file: File, manifest: Manifest) -> Iterator[str]:
    wanted = {
        "tag": manifest.tag,
        "version": manifest.version,
        "llvm_commit": manifest.llvm_commit,
        "llvm_version": manifest.llvm_version,
        "llvm_ref": manifest.llvm_ref,
        "patches": [{"name": it.name, "sha256": it.sha256} for it in manifest.patches],
        "sdk_provider": file.sdk_provider,
        "compiler": file.compiler,
    }
    for key, value in wanted.items():
        if facts.get(key) != value:
            yield f"its {provenance.NAME} has the {key} {facts.get(key)!r}, the manifest {value!r}"


def _member(archive: zipfile.ZipFile, wheel: Path, name: str) -> bytes:
    info = archive.getinfo(f"{_info(wheel)}/{name}")
    if info.file_size > _LARGEST_TEXT:
        raise Damaged(f"its {name} has {info.file_size} bytes")
    return archive.read(info)


def _info(wheel: Path) -> str:
    """The folder of its metadata, by its name (PEP 427)."""
    return f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
