"""Mach-O files, read with macholib: what repair has to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from macholib import mach_o
from macholib.MachO import MachO

from mlir_release.repair import code_signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

# Of one processor with 64 or 32 bits, or of several (``<mach-o/loader.h>``, ``<mach-o/fat.h>``).
_MAGIC = frozenset(
    bytes.fromhex(it) for it in ("cffaedfe", "cefaedfe", "feedfacf", "feedface", "cafebabe", "cafebabf")
)
_PROCESSORS = {0x01000007: "x86_64", 0x0100000C: "arm64", 7: "i386", 12: "arm"}
_KINDS = {mach_o.MH_EXECUTE: "program", mach_o.MH_DYLIB: "library", mach_o.MH_BUNDLE: "extension"}
_NEEDS = {
    mach_o.LC_LOAD_DYLIB,
    mach_o.LC_LOAD_WEAK_DYLIB,
    mach_o.LC_REEXPORT_DYLIB,
    mach_o.LC_LOAD_UPWARD_DYLIB,
}


class NotMachO(Exception):
    """A file is cut short, or no Mach-O file beyond its first bytes."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What a Mach-O file has for one processor.

    ``path`` is where it is in the wheel; ``kind`` is ``program``, ``library``, ``extension`` or ``object``;
    ``identity`` is the install name of a library, ``needed`` those of the ones that it needs; ``minimum`` is
    the macOS that it needs, None where it does not say; ``signature`` is what is wrong with its
    signature, None if nothing is, and the empty text if it has none.
    """

    path: PurePosixPath
    processor: str
    kind: str
    identity: str | None
    needed: tuple[str, ...]
    run_paths: tuple[str, ...]
    minimum: tuple[int, int] | None
    uuid: bytes | None
    signature: str | None


def is_macho(path: Path) -> bool:
    """Whether a file begins as a Mach-O file does."""
    with path.open("rb") as stream:
        return stream.read(4) in _MAGIC


def read(path: Path, name: PurePosixPath) -> list[Image]:
    """All images of a file, which is ``name`` in its wheel; raises ``NotMachO``."""
    try:
        parsed = MachO(str(path), allow_unknown_load_commands=True)
        content = path.read_bytes()
        return [_image(name, header, content[header.offset :][: header.size]) for header in parsed.headers]
    # Macholib believes what it reads: anything can come of a damaged file.
    except Exception as error:  # noqa: BLE001
        raise NotMachO(f"{name}: {error or type(error).__name__}") from None


def _image(name: PurePosixPath, header: Any, content: bytes) -> Image:
    commands = [(load.cmd, command, data) for load, command, data in header.commands]
    for number, command, _ in commands:
        if number == mach_o.LC_SEGMENT_64 and command.fileoff + command.filesize > len(content):
            raise ValueError("it is cut short")
    processor = header.header.cputype
    return Image(
        path=name,
        processor=_PROCESSORS.get(processor, f"processor {processor}"),
        kind=_KINDS.get(header.header.filetype, "object"),
        identity=next(_texts(commands, {mach_o.LC_ID_DYLIB}), None),
        needed=tuple(_texts(commands, _NEEDS)),
        run_paths=tuple(_texts(commands, {mach_o.LC_RPATH})),
        minimum=_minimum(commands),
        uuid=next((bytes(it.uuid) for number, it, _ in commands if number == mach_o.LC_UUID), None),
        signature=_signature(commands, content),
    )


def _texts(commands: list[tuple[int, Any, Any]], numbers: set[int]) -> Iterator[str]:
    """The paths in load commands of some kinds."""
    for number, _, data in commands:
        if number in numbers:
            yield data.partition(b"\0")[0].decode()


def _minimum(commands: list[tuple[int, Any, Any]]) -> tuple[int, int] | None:
    """The version of macOS in the command that has it: the older one has no platform."""
    for number, command, _ in commands:
        if number == mach_o.LC_BUILD_VERSION:
            return command.minos >> 16, command.minos >> 8 & 0xFF
        if number == mach_o.LC_VERSION_MIN_MACOSX:
            return command.version >> 16, command.version >> 8 & 0xFF
    return None


def _signature(commands: list[tuple[int, Any, Any]], content: bytes) -> str | None:
    for number, command, _ in commands:
        if number == mach_o.LC_CODE_SIGNATURE:
            return code_signature.problem(content, command.dataoff, command.datasize)
    return ""
