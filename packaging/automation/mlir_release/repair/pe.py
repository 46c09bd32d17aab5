"""Windows' programs and libraries (PE), read with pefile: what repair has to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pefile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

_SUFFIXES = {".exe": "program", ".dll": "library", ".pyd": "extension"}
# The field Machine (PE format, "Machine Types").
_PROCESSORS = {0x8664: "amd64", 0xAA64: "arm64", 0x14C: "32 bits"}
_IMPORTS = ("IMAGE_DIRECTORY_ENTRY_IMPORT", "IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT")


class NotPE(Exception):
    """A file is cut short, or no PE file although it is called as one."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What a PE file has.

    ``path`` is where it is in the wheel; ``kind`` is ``program``, ``library`` or ``extension``; ``needed``
    are the DLLs that it needs, in small letters: Windows takes them and capitals for the same.
    """

    path: PurePosixPath
    processor: str
    kind: str
    needed: tuple[str, ...]


def is_pe(name: PurePosixPath) -> bool:
    """Whether a file is called as a PE file is."""
    return name.suffix.lower() in _SUFFIXES


def read(path: Path, name: PurePosixPath) -> Image:
    """What a file has, which is ``name`` in its wheel; raises ``NotPE``."""
    try:
        with pefile.PE(str(path), fast_load=True) as parsed:
            _ensure_whole(parsed, path.stat().st_size)
            parsed.parse_data_directories([pefile.DIRECTORY_ENTRY[it] for it in _IMPORTS])
            return Image(
                path=name,
                processor=_PROCESSORS.get(parsed.FILE_HEADER.Machine, f"{parsed.FILE_HEADER.Machine:#x}"),
                kind=_SUFFIXES[name.suffix.lower()],
                needed=tuple(dict.fromkeys(_needed(parsed))),
            )
    except (pefile.PEFormatError, ValueError, UnicodeDecodeError) as error:
        raise NotPE(f"{name}: {error}") from None


def _ensure_whole(parsed: pefile.PE, size: int) -> None:
    for section in parsed.sections:
        if section.PointerToRawData + section.SizeOfRawData > size:
            raise ValueError("it is cut short")


def _needed(parsed: pefile.PE) -> Iterator[str]:
    """What Windows loads with it, and what it loads when it is first called."""
    for table in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT"):
        yield from (entry.dll.decode("ascii").lower() for entry in getattr(parsed, table, ()))
