"""A distribution as data: a folder of ``packaging/`` whose pyproject.toml has a ``[tool.mlir-release]``.

The keys of that table::

    made-per = "interpreter"   # or "platform": then the wheel is py3-none-PLATFORM
    shared-folder = "shared"   # a CMake project in the folder, built and installed once per SDK; the
                               # wheel's build finds the result by MLIR_RELEASE_SHARED
    test-target = "Extension"  # a CMake target that is built besides, for upstream's tests,
    test-folder = "extension"  # and the folder of the build tree that it makes
    tests = "wheels"           # the folder of tests/ whose tests the installed wheel must pass
    max-megabytes = 95         # what a released wheel may have, in 10**6 bytes
    line-requires = ["nanobind"]  # what builds it besides, in the version that packaging/lines.toml says

Only ``made-per`` must be there; ``test-target`` and ``test-folder`` come together.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from mlir_release.lines import Line

_PYPROJECT = "pyproject.toml"
_TEXTS = ("made-per", "shared-folder", "test-target", "test-folder", "tests")
_NUMBERS = ("max-megabytes",)
_OF_LINE = "line-requires"
# PEP 503's normalization, of which wheels' names have underscores (PEP 427).
_SEPARATORS = re.compile(r"[-_.]+")


class MadePer(StrEnum):
    """How many wheels there are of a distribution: one per interpreter and platform, or per platform."""

    INTERPRETER = "interpreter"
    PLATFORM = "platform"


class BadTable(UserError):
    """A pyproject.toml is not what the automation reads; names the file."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file}: {reason}; mend that file")


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One thing that is packaged.

    ``name`` is the project's; ``folder`` where it is; ``requires`` what builds it (PEP 518), ``targets``
    the CMake targets that its own settings build; the rest is the table above.
    """

    name: str
    folder: Path
    requires: tuple[str, ...]
    targets: tuple[str, ...]
    made_per: MadePer
    shared_folder: str | None = None
    test_target: str | None = None
    test_folder: str | None = None
    tests: str | None = None
    max_megabytes: float | None = None
    line_requires: tuple[str, ...] = ()

    @property
    def wheel_name(self) -> str:
        """The first part of the file names of its wheels (PEP 427)."""
        return _SEPARATORS.sub("_", self.name).lower()

    def too_large(self, size: int) -> str | None:
        """What is wrong with a released wheel of so many bytes; None if nothing is."""
        limit = self.max_megabytes
        if limit is None or size <= limit * 10**6:
            return None
        return f"it has {size / 1e6:.1f} MB, and may have {limit:g} MB"

    def required_of(self, line: Line) -> list[str]:
        """What builds it besides (PEP 508), in the versions of a line."""
        versions = {"nanobind": line.nanobind}
        return [f"{name}=={versions[name]}" for name in self.line_requires]


def read_all(packaging: Path) -> tuple[Distribution, ...]:
    """All distributions, by name.

    Args:
        packaging: the folder whose subfolders are looked at.

    Raises:
        BadTable: one of them is malformed.
    """
    found = (read(file.parent) for file in sorted(packaging.glob(f"*/{_PYPROJECT}")))
    return tuple(distribution for distribution in found if distribution)


def read(folder: Path) -> Distribution | None:
    """The distribution in a folder; None if its pyproject.toml has no ``[tool.mlir-release]``.

    Raises:
        BadTable: it is malformed.
    """
    file = folder / _PYPROJECT
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTable(file, f"it cannot be read ({error})") from None
    table = _at(content, "tool", "mlir-release")
    if table is None:
        return None
    _check(file, table)
    return Distribution(
        name=_text(file, content, "project", "name"),
        folder=folder,
        requires=_texts(file, content, "build-system", "requires"),
        targets=_texts(file, content, "tool", "scikit-build", "build", "targets", optional=True),
        made_per=MadePer(table["made-per"]),
        line_requires=tuple(table.get(_OF_LINE, ())),
        **{name.replace("-", "_"): table.get(name) for name in (*_TEXTS[1:], *_NUMBERS)},
    )


def _check(file: Path, table: Any) -> None:
    """See that the table has what it may have, in the right form."""
    if not isinstance(table, dict):
        raise BadTable(file, "tool.mlir-release is not a table")
    for name, value in table.items():
        if name not in (*_TEXTS, *_NUMBERS, _OF_LINE):
            known = ", ".join((*_TEXTS, *_NUMBERS, _OF_LINE))
            raise BadTable(file, f"[tool.mlir-release] has {name}, and may have {known}")
        if name in _TEXTS and not (isinstance(value, str) and value):
            raise BadTable(file, f"[tool.mlir-release] {name} is {value!r}, not a text")
        if name in _NUMBERS and not (type(value) in (int, float) and value > 0):
            raise BadTable(file, f"[tool.mlir-release] {name} is {value!r}, not a number above 0")
        if name == _OF_LINE and value != ["nanobind"]:
            raise BadTable(file, f"[tool.mlir-release] {name} is {value!r}; lines say only nanobind's")
    if table.get("made-per") not in list(MadePer):
        raise BadTable(file, f"[tool.mlir-release] made-per is not one of {', '.join(MadePer)}")
    if ("test-target" in table) != ("test-folder" in table):
        raise BadTable(file, "[tool.mlir-release] has only one of test-target and test-folder")


def _at(content: Any, *keys: str) -> Any:
    """What is below these keys; None where one of them is missing."""
    for key in keys:
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content


def _text(file: Path, content: Any, *keys: str) -> str:
    value = _at(content, *keys)
    if not isinstance(value, str) or not value:
        raise BadTable(file, f"{'.'.join(keys)} is not a text")
    return value


def _texts(file: Path, content: Any, *keys: str, optional: bool = False) -> tuple[str, ...]:
    value = _at(content, *keys)
    if value is None and optional:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadTable(file, f"{'.'.join(keys)} is not a list of texts")
    return tuple(value)
