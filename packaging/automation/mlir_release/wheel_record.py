"""The RECORD of a wheel, and whether the files in the wheel are those that it lists (PEP 427, PEP 376)."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What reading a damaged archive raises.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, LookupError, ValueError)
# The RECORD itself and signatures of it have no line, or one without a hash.
UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
_INFO = re.compile(r"[^/]+\.dist-info/")
_CHUNK = 1 << 20
_DRIVE = re.compile(r"[A-Za-z]:|.*\\", re.DOTALL)


def info_of(name: str) -> str:
    """The folder of metadata of the wheel with this file name (``mlir_sdk-22.1.8.dist-info``)."""
    return f"{'-'.join(name.split('-')[:2])}.dist-info"


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Each file's hash and size, as they are spelled there; ``ValueError`` if that is no RECORD."""
    lines = [line for line in csv.reader(io.StringIO(text)) if line]
    table = {name: (digest, size) for name, digest, size in lines}
    if len(table) < len(lines):
        raise ValueError("it lists a file twice")
    return table


def row(data: bytes) -> tuple[str, str]:
    """What a RECORD says of a file with this content: its hash and its size."""
    return spelled(hashlib.sha256(data)), str(len(data))


def spelled(digest: hashlib._Hash) -> str:
    """A sha256 in the form of a RECORD (``sha256=…``)."""
    return f"sha256={base64.urlsafe_b64encode(digest.digest()).rstrip(b'=').decode()}"


def problems(archive: zipfile.ZipFile, info: str) -> list[str]:
    """All in which a wheel's files differ from its RECORD; none for a wheel that is whole.

    Args:
        archive: the open wheel.
        info: its folder of metadata.
    """
    try:
        recorded = rows(archive.read(f"{info}/RECORD").decode("utf-8"))
    except UNREADABLE as error:
        return [f"its RECORD cannot be read ({error})"]
    names = Counter(it.filename for it in archive.infolist() if not it.is_dir())
    needed = {name for name in names if name not in {f"{info}/{it}" for it in UNLISTED}}
    others = {name.partition("/")[0] for name in names if _INFO.match(name)} - {info}
    return [
        *(f"it has {name} beside {info}" for name in sorted(others)),
        *(f"it has {name} {count} times" for name, count in sorted(names.items()) if count > 1),
        *(f"{name} leads out of the wheel" for name in sorted(names) if _leads_out(name)),
        *(f"{name} is not in its RECORD" for name in sorted(needed - recorded.keys())),
        *(f"{name} is in its RECORD, but not there" for name in sorted(recorded.keys() - names.keys())),
        *_different(archive, {name: recorded[name] for name in sorted(needed & recorded.keys())}),
    ]


def _different(archive: zipfile.ZipFile, recorded: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for name, said in recorded.items():
        try:
            found = _measured(archive, name)
        except UNREADABLE as error:
            yield f"{name} cannot be read ({error})"
        else:
            if said != found:
                yield f"{name} is not what its RECORD says"


def _measured(archive: zipfile.ZipFile, name: str) -> tuple[str, str]:
    """A file's hash and size in the form of a RECORD; of several of one name, the last one's."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return spelled(digest), str(size)


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or _DRIVE.match(name) is not None
