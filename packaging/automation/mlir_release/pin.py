"""The pin: which llvm-project commit is built (``llvm-project.version``).

Two forms are read. TOML, as this project writes it::

    commit = "<40 hexadecimal digits>"
    version = "22.1.8"
    ref = "llvmorg-22.1.8"
    python = "3.9"

    [archives]
    "llvm-project-22.1.8.src.tar.xz" = "<sha256>"

and a bare 40-digit commit, as the prototype of 2021 wrote it: then the LLVM
version is not known before the source is at hand.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_NAME = "llvm-project.version"

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"\d+\.\d+\.\d+(rc\d+|git)?", re.ASCII)
_ARCHIVE = re.compile(r"[A-Za-z0-9][\w.+~-]*", re.ASCII)
_PYTHON = re.compile(r"3\.\d{1,2}", re.ASCII)
_KEYS = frozenset({"commit", "version", "ref", "python", "archives"})
_COMMENT = re.compile(r"(?:#[^\n]*\n)*")
# Far more than any pin; a larger file is not one.
_SIZE_LIMIT = 64 * 1024


class BadPin(UserError):
    """The pin file cannot be read, or does not say which commit to build."""

    def __init__(self, where: Path | str, reason: str) -> None:
        super().__init__(
            f"{where}: {reason}; expected TOML with commit, version, ref, python and [archives],"
            " or a bare 40-digit commit"
        )


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One llvm-project commit.

    ``commit`` is 40 hexadecimal digits; ``version`` the LLVM version (``22.1.8``)
    and ``ref`` the upstream tag or branch, None where the file does not say;
    ``python`` is the lowest Python that this tree's bindings are built for, with the
    patches on it (``3.9``): from it follow the sessions and jobs, before there is a
    tree to read it from; None where the file does not say;
    ``archives`` maps file names of known archives of this tree to their sha256.
    """

    commit: str
    version: str | None = None
    ref: str | None = None
    python: str | None = None
    archives: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Pin:
    """Read a pin file.

    Raises:
        BadPin: it is missing, empty, cut short, binary, or says something else.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BadPin(path, "there is no such file") from None
    except OSError as error:
        raise BadPin(path, error.strerror or str(error)) from None
    if len(raw) > _SIZE_LIMIT:
        raise BadPin(path, f"{len(raw)} bytes are too many for a pin")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPin(path, "it is not text") from None
    return parse(text, path)


def parse(text: str, where: Path | str) -> Pin:
    """Read the content of a pin file; ``where`` is said in errors.

    Raises:
        BadPin: it is empty, cut short, or says something else.
    """
    if not text.strip():
        raise BadPin(where, "it is empty")
    if _COMMIT.fullmatch(text.strip()):
        return Pin(commit=text.strip())
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Not TOML; or a number, or a nesting, larger than Python reads.
        raise BadPin(where, f"not TOML ({error})") from None
    unknown = sorted(table.keys() - _KEYS)
    if unknown:
        raise BadPin(where, f"unknown key {unknown[0]!r}")
    archives = table.get("archives", {})
    if not isinstance(archives, dict):
        raise BadPin(where, "archives must be a table")
    for name in archives:
        if not _ARCHIVE.fullmatch(name):
            raise BadPin(where, f"{name!r} is not the name of an archive")
        _matching(where, archives, name, _SHA256, "a sha256 of 64 lower-case hexadecimal digits")
    return Pin(
        commit=_matching(where, table, "commit", _COMMIT, "40 lower-case hexadecimal digits"),
        version=_matching(where, table, "version", _VERSION, "a version like 22.1.8, 23.1.0rc1 or 24.0.0git"),
        ref=_matching(where, table, "ref", re.compile(r"[\w./-]+"), "a tag or branch"),
        python=_matching(where, table, "python", _PYTHON, "a Python like 3.9") if "python" in table else None,
        archives=archives,
    )


def rewritten(text: str, pin: Pin) -> str:
    """The content of a pin file that pins something else now; the comment at its head stays.

    Args:
        text: the content so far, in either form; may be empty.
        pin: what is pinned from now on, with version and ref.
    """
    assert pin.version
    assert pin.ref
    head = _COMMENT.match(text)
    assert head
    lines = [f'commit = "{pin.commit}"', f'version = "{pin.version}"', f'ref = "{pin.ref}"']
    if pin.python:
        lines.append(f'python = "{pin.python}"')
    if pin.archives:
        lines += ["", "[archives]", *(f'"{name}" = "{sha256}"' for name, sha256 in pin.archives.items())]
    return head[0] + "\n".join(lines) + "\n"


def _matching(
    where: Path | str, table: Mapping[str, Any], key: str, form: re.Pattern[str], wanted: str
) -> str:
    """The value of a key that must be there, as text of the given form."""
    value = table.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        found = "missing" if value is None else repr(value)
        raise BadPin(where, f"{key} is {found}, not {wanted}")
    return value
