"""A wheel file from elsewhere: what it says, whether it is whole, and its content (PEP 427).

Nothing of it is run or installed: its files are compared with its RECORD before
they are unpacked.
"""

from __future__ import annotations

import platform
import shutil
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
            member = f"{wheel_record.info_of(self.path.name)}/METADATA"
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
            problems = wheel_record.problems(archive, wheel_record.info_of(self.path.name))
            if problems:
                raise BadWheelFile(f"{self.path} is not whole: {problems[0]}")
            for member in archive.infolist():
                if not member.is_dir():
                    _write(archive, member, folder)


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


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Unpack one file."""
    name = _installed(PurePosixPath(member.filename))
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{member.filename} leads out of it")
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out, _CHUNK)
    # As pip does: of a file's mode only whether it can be run.
    if member.external_attr >> 16 & _EXECUTABLE or name.parts[0] == _PROGRAMS:
        target.chmod(target.stat().st_mode | _EXECUTABLE)


def _installed(name: PurePosixPath) -> PurePosixPath:
    """Where a file of a wheel is put (PEP 427, "The .data directory")."""
    if not name.parts[0].endswith(".data") or len(name.parts) <= _SCHEME_PARTS:
        return name
    scheme, rest = name.parts[1], PurePosixPath(*name.parts[_SCHEME_PARTS:])
    return PurePosixPath(_PROGRAMS) / rest if scheme == "scripts" else rest
