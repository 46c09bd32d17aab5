"""A wheel file from elsewhere: what it says, whether it is whole, and its content (PEP 427).

Nothing of it is run or installed: its files are compared with its RECORD while
they are unpacked.
"""

from __future__ import annotations

import hashlib
import platform
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging import tags
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from mlir_release import wheel_record
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.version import Version

_EXECUTABLE = 0o111
_CHUNK = 1 << 20
_PROGRAMS = "bin"
# "NAME.data/SCHEME/" comes before the name that is installed.
_SCHEME_PARTS = 2


class BadWheelFile(UserError):
    """A file is not a whole wheel, or not one for here; the message says why."""


@dataclass(frozen=True, kw_only=True)
class WheelFile:
    """A wheel that fits this machine, as its file name says it; ``name`` is normalized (``mlir-sdk``)."""

    path: Path
    name: str
    version: Version

    def requirements(self) -> list[Requirement]:
        """What its metadata says that it needs in any case.

        Raises:
            BadWheelFile: it is damaged.
        """
        with _opened(self.path) as archive:
            member = _in_metadata(archive, "METADATA")
            headers = HeaderParser().parsestr(archive.read(member).decode("utf-8"))
            try:
                needed = [Requirement(text) for text in headers.get_all("Requires-Dist", [])]
            except InvalidRequirement as error:
                raise BadWheelFile(f"{self.path}: its metadata is not valid ({error})") from None
        return [requirement for requirement in needed if requirement.marker is None]

    def unpack(self, folder: Path) -> None:
        """Write its files into a folder, and see that they are those of its RECORD.

        Importable files lie there as they lie in the wheel; what an installer would put into an
        environment's folder of programs is in ``bin``, and its other data in the folder itself.

        Raises:
            BadWheelFile: one differs, is missing or is one too many.
        """
        with _opened(self.path) as archive:
            expected = _recorded(archive)
            members = [member for member in archive.infolist() if not member.is_dir()]
            names = {member.filename for member in members}
            unlisted = {name for name in names - expected.keys() if not _is_unlisted(name)}
            for name in sorted(unlisted | (expected.keys() - names)):
                raise BadWheelFile(f"{self.path} is not whole: {name} is only in its RECORD, or not there")
            for member in members:
                digest = _write(archive, member, folder)
                if expected.get(member.filename, digest) != digest:
                    raise BadWheelFile(f"{self.path} is not whole: {member.filename} differs from its RECORD")


def read(path: Path) -> WheelFile:
    """The wheel in a file.

    Raises:
        BadWheelFile: there is none, it is cut short, or it is for another machine.
    """
    try:
        path = path.expanduser().absolute()
        name, version, _, for_tags = parse_wheel_filename(path.name)
    except (InvalidWheelFilename, RuntimeError) as error:  # no such home
        raise BadWheelFile(f"{path} is not called as a wheel is ({error})") from None
    with _opened(path):
        # An archive's list is at its end: one that was cut short has none.
        pass
    if not any(tag in for_tags for tag in tags.sys_tags()):
        platforms = ", ".join(sorted({str(tag) for tag in for_tags}))
        raise BadWheelFile(
            f"{path.name} is for {platforms}, and this is {platform.system()} on {platform.machine()}"
            f" (up to {newest_platform()})"
        )
    return WheelFile(path=path, name=name, version=version)


def newest_platform() -> str:
    """The platform tag of the newest system whose wheels run here (``manylinux_2_36_x86_64``)."""
    names = list(tags.platform_tags())
    # The plain tag of Linux may come first, and says nothing of the C library.
    return next((name for name in names if not name.startswith("linux_")), names[0])


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The open archive; what is wrong with it becomes one line."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UserError:
        raise
    except FileNotFoundError:
        raise BadWheelFile(f"{path} does not exist") from None
    except wheel_record.UNREADABLE as error:
        raise BadWheelFile(f"{path} is not a whole wheel ({error}); get it again") from None


def _in_metadata(archive: zipfile.ZipFile, name: str) -> str:
    (found,) = (it for it in archive.namelist() if PurePosixPath(it).match(f"*.dist-info/{name}"))
    return found


def _recorded(archive: zipfile.ZipFile) -> dict[str, str]:
    """Each file's sha256, as the RECORD spells it (``sha256=…``)."""
    text = archive.read(_in_metadata(archive, "RECORD")).decode("utf-8")
    rows = wheel_record.rows(text)
    return {name: digest for name, (digest, _) in rows.items() if not _is_unlisted(name)}


def _is_unlisted(name: str) -> bool:
    return PurePosixPath(name).name in wheel_record.UNLISTED


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> str:
    """Unpack one file; return its sha256 as a RECORD spells it."""
    name = _installed(PurePosixPath(member.filename))
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{member.filename} leads out of it")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(member) as stream, target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    # As pip does: of a file's mode only whether it can be run.
    if member.external_attr >> 16 & _EXECUTABLE or name.parts[0] == _PROGRAMS:
        target.chmod(target.stat().st_mode | _EXECUTABLE)
    return wheel_record.spelled(digest)


def _installed(name: PurePosixPath) -> PurePosixPath:
    """Where a file of a wheel is put (PEP 427, "The .data directory")."""
    if not name.parts[0].endswith(".data") or len(name.parts) <= _SCHEME_PARTS:
        return name
    scheme, rest = name.parts[1], PurePosixPath(*name.parts[_SCHEME_PARTS:])
    return PurePosixPath(_PROGRAMS) / rest if scheme == "scripts" else rest
