"""LLVM's release lines, as ``packaging/lines.toml`` describes them.

Read by the release automation, and by the bindings' build, which runs in target interpreters.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).resolve().parents[1] / "lines.toml"
_KEYS = {"nanobind": str, "abi3": bool}


class BadLines(ValueError):
    """The table of lines is malformed; the message says where and how."""


@dataclass(frozen=True)
class Line:
    """What shares a release branch upstream.

    ``major`` is LLVM's major version; ``nanobind`` the version (PEP 440) that the bindings are built with;
    ``abi3`` whether one wheel with the stable ABI serves CPython 3.12 and newer.
    """

    major: int
    nanobind: str
    abi3: bool


def read(file: Path = FILE) -> dict[int, Line]:
    """All lines of a table, by major version, the oldest first.

    Raises:
        BadLines: it cannot be read, or says something else.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadLines(f"{file} cannot be read ({error})") from None
    if not content:
        raise BadLines(f"{file} has no line")
    return {line.major: line for line in sorted(_lines(file, content), key=lambda line: line.major)}


def _lines(file: Path, content: dict[str, Any]) -> list[Line]:
    found = []
    for name, table in content.items():
        if not (name.isascii() and name.isdigit()) or not isinstance(table, dict):
            raise BadLines(f"{file}: {name} is no table of a line; they are named 22, 23, …")
        for key in [*_KEYS, *table]:
            if key not in _KEYS or type(table.get(key)) is not _KEYS[key]:
                known = ", ".join(f"{key} ({kind.__name__})" for key, kind in _KEYS.items())
                raise BadLines(f"{file}: [{name}] is wrong about {key}; a line has {known}")
        found.append(Line(int(name), table["nanobind"], table["abi3"]))
    return found


def line_of(version: str, lines: dict[int, Line]) -> Line:
    """The line of an LLVM version (``23.1.1``, ``24.0.0git``); of a later one than all known, the newest.

    Raises:
        BadLines: it is older than all that are known.
    """
    major = int(version.partition(".")[0])
    older = [line for line in lines.values() if line.major <= major]
    if not older:
        raise BadLines(f"LLVM {version} is of no line that is known; there are {', '.join(map(str, lines))}")
    return older[-1]
