"""What a wheel holds that an SBOM has to name, read from the wheel alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlir_release import provenance
from mlir_release.errors import UserError
from mlir_release.sbom import archive as archives

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Mapping
    from pathlib import Path

# Below NAME-VERSION.dist-info; PEP 770 reserves the folder.
FOLDER = "sboms"
NAME = "mlir-py-release.cdx.json"
# Where repair tools put libraries: NAME.libs (auditwheel, delvewheel), .dylibs (delocate).
_GRAFTED = re.compile(r"(?:.+/)?[^/]*\.(?:lib|dylib)s/[^/]+\.(?:so(?:\.[\w.]+)?|dylib|dll)", re.IGNORECASE)
_OTHER_SBOM = re.compile(rf"[^/]+\.dist-info/{FOLDER}/(?P<name>.+)")
_COMMIT, _SHA256 = re.compile("[0-9a-f]{40}"), re.compile("[0-9a-f]{64}")
_PATCH = re.compile(r"[\w.-]{1,200}", re.ASCII)
_VERSION = re.compile(r"[\w.+!-]{1,100}", re.ASCII)
_CHUNK = 1 << 20


class Unsaid(UserError):
    """The release.json of a wheel does not say, in the form that it must have, what an SBOM needs."""

    def __init__(self, wheel: Path, what: str) -> None:
        super().__init__(f"{wheel}: its {provenance.NAME} does not say {what}; build it again")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a wheel: its path there (of an SBOM, from the folder of SBOMs), and its sha256."""

    path: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What is in a wheel.

    ``distribution`` is normalized (``mlir-sdk``); ``license`` is the metadata's SPDX expression, ``patches``
    are those on LLVM, ``nanobind`` is its version where the wheel has it, ``grafted`` the libraries that a
    repair has put in, ``sboms`` the documents beside ours.
    """

    file_name: str
    distribution: str
    version: str
    license: str | None
    llvm_version: str
    llvm_commit: str | None
    patches: tuple[File, ...]
    nanobind: str | None
    grafted: tuple[File, ...]
    sboms: tuple[File, ...]


def read(wheel: Path) -> Contents:
    """Read a wheel.

    Raises:
        UserError: it is not called as a wheel, is damaged or not of this project, or its release.json
            does not say what is needed.
    """
    try:
        distribution, version, *_ = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise UserError(f"{wheel} is not called as a wheel is ({error})") from None
    facts = provenance.read(wheel)
    with archives.opened(wheel) as archive:
        metadata = archives.content(archive, archives.in_metadata(archive, "METADATA")).decode("utf-8")
        grafted = sorted(name for name in archive.namelist() if _GRAFTED.fullmatch(name))
        return Contents(
            file_name=wheel.name,
            distribution=distribution,
            version=str(version),
            license=HeaderParser().parsestr(metadata)["License-Expression"],
            llvm_version=_text(wheel, facts, "llvm_version", _VERSION),
            llvm_commit=_optional(wheel, facts, "llvm_commit", _COMMIT),
            patches=_patches(wheel, facts),
            nanobind=_optional(wheel, facts, "nanobind_version", _VERSION),
            grafted=tuple(File(path=name, sha256=_sha256(archive, name)) for name in grafted),
            sboms=_others(archive),
        )


def member(archive: zipfile.ZipFile) -> str:
    """The name that our SBOM has, or must have, in a wheel."""
    return f"{archives.in_metadata(archive, 'METADATA').rpartition('/')[0]}/{FOLDER}/{NAME}"


def _text(wheel: Path, facts: Mapping[str, Any], key: str, form: re.Pattern[str]) -> str:
    value = facts.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Unsaid(wheel, f"its {key}")
    return value


def _optional(wheel: Path, facts: Mapping[str, Any], key: str, form: re.Pattern[str]) -> str | None:
    return None if facts.get(key) is None else _text(wheel, facts, key, form)


def _patches(wheel: Path, facts: Mapping[str, Any]) -> tuple[File, ...]:
    listed = facts["patches"]
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Unsaid(wheel, "its patches")
    pairs = [(_text(wheel, it, "name", _PATCH), _text(wheel, it, "sha256", _SHA256)) for it in listed]
    return tuple(File(path=name, sha256=sha256) for name, sha256 in pairs)


def _others(archive: zipfile.ZipFile) -> tuple[File, ...]:
    matches = [(name, _OTHER_SBOM.fullmatch(name)) for name in sorted(archive.namelist())]
    return tuple(
        File(path=found["name"], sha256=_sha256(archive, name))
        for name, found in matches
        if found and found["name"] != NAME and not name.endswith("/")
    )


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
