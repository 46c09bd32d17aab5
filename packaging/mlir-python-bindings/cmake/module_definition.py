"""Writes a module definition: which functions of static libraries a DLL exports.

    module_definition.py OUTPUT PREFIX LIBRARY ...

What a library defines stands in its first member, the index that every linker reads ("First Linker
Member" in Microsoft's description of the PE format).
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

_MAGIC = b"!<arch>\n"
_HEADER = 60
_NUMBER = 4


def symbols(archive: bytes) -> list[str]:
    """The symbols that the index of a static library lists.

    Raises:
        ValueError: it is not one, or has no such index.
    """
    header = archive[len(_MAGIC) : len(_MAGIC) + _HEADER]
    if not archive.startswith(_MAGIC) or header[:16].rstrip() != b"/":
        raise ValueError("not a static library with an index as Microsoft's linker reads it")
    start = len(_MAGIC) + _HEADER
    index = archive[start : start + int(header[48:58])]
    try:
        (count,) = struct.unpack_from(">I", index)
    except struct.error:
        raise ValueError("its index is cut off") from None
    names = index[_NUMBER * (count + 1) :].split(b"\0")[:-1]
    if len(names) < count:
        raise ValueError("its index is cut off")
    return [name.decode() for name in names[:count]]


def _read(library: Path) -> list[str]:
    try:
        return symbols(library.read_bytes())
    except ValueError as error:
        raise ValueError(f"{library}: {error}") from None


def main(arguments: list[str]) -> int:
    """Write the file; 1 and a line on stderr when there is nothing to export."""
    output, prefix, *libraries = arguments
    try:
        names = {name for library in libraries for name in _read(Path(library))}
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    # The plain names are C's: those of C++ begin with a question mark.
    exported = sorted(name for name in names if name.startswith(prefix))
    if not exported:
        print(f"nothing in {' '.join(libraries)} begins with {prefix}", file=sys.stderr)
        return 1
    Path(output).write_text("\n".join(["EXPORTS", *exported, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
