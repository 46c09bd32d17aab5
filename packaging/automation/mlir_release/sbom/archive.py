"""Wheels as archives: packed again without compressing anything again, the same bytes for the same content.

Python's zipfile cannot take over what is compressed already, and compressing a wheel takes half a minute.
The format is PKWARE's APPNOTE.TXT (4.3.7, 4.3.12, 4.3.16), of which wheels need little: no ZIP64, no comment.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from mlir_release import wheel_record
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# What reading a damaged archive raises.
_UNREADABLE = (*wheel_record.UNREADABLE, struct.error, csv.Error)
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
# Deflate needs a reader of version 2.0; files come from a Unix, so that their modes are understood.
_NEEDED, _MADE_BY = 20, 3 << 8 | 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _UTF8 = 0x1, 0x800
# 1980-01-01 00:00, the earliest that there is.
_TIME, _DATE = 0, 1 << 5 | 1
_EXECUTABLE = 0o111
_PROGRAM, _FILE = 0o100755, 0o100644
# What the fields can say without ZIP64.
_MOST_FILES, _MOST_BYTES = 0xFFFF - 1, 0xFFFFFFFF - 1
_CHUNK = 1 << 20
# What is read as a whole: metadata, of which a RECORD of 3,000 files has 0.3 MB.
_LARGEST = 20_000_000


class Damaged(UserError):
    """A file is not a whole wheel."""

    def __init__(self, wheel: Path, reason: object) -> None:
        super().__init__(f"{wheel} is not a whole wheel ({reason}); build it again")


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A file of the new archive: the fields of its headers, and where its compressed bytes are.

    In ``data``, or in the old archive, where ``offset`` is the beginning of its header.
    """

    name: str
    mode: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int = 0
    data: bytes | None = None


@contextmanager
def opened(wheel: Path) -> Iterator[zipfile.ZipFile]:
    """The open archive; whatever is wrong with it is ``Damaged``."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            yield archive
    except _UNREADABLE as error:
        raise Damaged(wheel, error) from None


def pack(wheel: Path, target: Path, added: Mapping[str, bytes]) -> None:
    """Write the files of a wheel, some more, and the RECORD of all into a new archive.

    Args:
        wheel: the old one. That its files are what its RECORD says is not looked at.
        target: the new one.
        added: the content of files by name, which come in or take the place of old ones.

    Raises:
        Damaged: the old one is not whole, or its RECORD lists other files than it has.
    """
    with opened(wheel) as old, wheel.open("rb") as source:
        kept = _members(old)
        record = in_metadata(old, "RECORD")
        rows = recorded(old)
        for name in sorted(rows.keys() ^ kept.keys()):
            raise ValueError(f"{name} is only in its RECORD, or not there")
        rows |= {name: wheel_record.row(data) for name, data in added.items()}
        new = {**added, record: _record(rows)}
        members = {**kept, **{name: _new(name, data) for name, data in new.items()}}
        with target.open("wb") as out:
            _write(sorted(members.values(), key=lambda it: _place(it.name)), source, out)


def in_metadata(archive: zipfile.ZipFile, name: str) -> str:
    """The one member ``NAME-VERSION.dist-info/name``; ``ValueError`` if there is none, or more."""
    pattern = re.compile(rf"[^/]+\.dist-info/{re.escape(name)}")
    found = [it for it in archive.namelist() if pattern.fullmatch(it)]
    if len(found) != 1:
        raise ValueError(f"it has {len(found)} files *.dist-info/{name}")
    return found[0]


def content(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the wheel's metadata; ``ValueError`` if it would fill the memory."""
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        raise ValueError(f"{name} has {size} bytes")
    return archive.read(name)


def recorded(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """The rows of a wheel's RECORD (PEP 427): the hash and the size of each file."""
    return wheel_record.rows(content(archive, in_metadata(archive, "RECORD")).decode("utf-8"))


def _members(archive: zipfile.ZipFile) -> dict[str, _Member]:
    """The files of the old archive, by name."""
    files = [it for it in archive.infolist() if not it.is_dir()]
    for it in files:
        if it.compress_type not in _METHODS or it.flag_bits & _ENCRYPTED:
            raise ValueError(f"{it.filename} is encrypted, or compressed in another way than wheels are")
    found = {
        it.filename: _Member(
            name=it.filename,
            # Of a file's mode installers take only this, and the rest is the build machine's umask.
            mode=_PROGRAM if it.external_attr >> 16 & _EXECUTABLE else _FILE,
            method=it.compress_type,
            crc=it.CRC,
            packed=it.compress_size,
            size=it.file_size,
            offset=it.header_offset,
        )
        for it in files
    }
    if len(found) != len(files):
        raise ValueError("it has a file twice")
    return found


def _new(name: str, data: bytes) -> _Member:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)  # without zlib's own header
    packed = deflate.compress(data) + deflate.flush()
    return _Member(
        name=name,
        mode=_FILE,
        method=zipfile.ZIP_DEFLATED,
        crc=zlib.crc32(data),
        packed=len(packed),
        size=len(data),
        data=packed,
    )


def _place(name: str) -> tuple[bool, bool, str]:
    """For sorting: metadata last, which PEP 427 recommends, and of it the RECORD, which lists all else."""
    folder, _, rest = name.partition("/")
    return folder.endswith(".dist-info"), rest == "RECORD", name


def _record(rows: Mapping[str, Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([name, *rows[name]] for name in sorted(rows, key=_place))
    return text.getvalue().encode()


def _write(members: Sequence[_Member], source: BinaryIO, out: BinaryIO) -> None:
    """Write an archive of these files in this order."""
    entries = []
    for member in members:
        entries.append(_entry(member, out.tell()))
        name = member.name.encode()
        out.write(_LOCAL.pack(b"PK\3\4", _NEEDED, *_common(member), len(name), 0) + name)
        out.write(member.data) if member.data is not None else _copy(member, source, out)
    start, directory = out.tell(), b"".join(entries)
    if len(members) > _MOST_FILES or start + len(directory) > _MOST_BYTES:
        raise ValueError("it is too large for an archive without ZIP64")
    out.write(directory)
    out.write(_END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(directory), start, 0))


def _entry(member: _Member, offset: int) -> bytes:
    """What the directory at the end says of a file whose header is at an offset."""
    name, mode = member.name.encode(), member.mode << 16
    fields = (_MADE_BY, _NEEDED, *_common(member), len(name), 0, 0, 0, 0, mode, offset)
    return _CENTRAL.pack(b"PK\1\2", *fields) + name


def _common(member: _Member) -> tuple[int, ...]:
    """What both headers of a file say: flags, method, time, checksum and sizes."""
    flags = 0 if member.name.isascii() else _UTF8
    return flags, member.method, _TIME, _DATE, member.crc, member.packed, member.size


def _copy(member: _Member, source: BinaryIO, out: BinaryIO) -> None:
    """Copy the compressed bytes of a file of the old archive."""
    source.seek(member.offset)
    signature, *_, name, extra = _LOCAL.unpack(source.read(_LOCAL.size))
    if signature != b"PK\3\4":
        raise ValueError(f"{member.name} is not where its directory says")
    source.seek(name + extra, io.SEEK_CUR)
    left = member.packed
    while left:
        chunk = source.read(min(left, _CHUNK))
        if not chunk:
            raise EOFError(f"{member.name} is cut short")
        out.write(chunk)
        left -= len(chunk)
