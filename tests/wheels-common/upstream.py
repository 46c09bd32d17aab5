"""What the source tree of a wheel says about it, and the texts of upstream's own tests.

The tree is that of the wheel's LLVM: the environment variable ``MLIR_TEST_SOURCE`` names it.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = "MLIR_TEST_SOURCE"
_DIALECT = re.compile(r"^def \w+ : Dialect \{.*?^\}", re.MULTILINE | re.DOTALL)
_NAMESPACE = re.compile(r'\blet name = "(\w+)"')
# An operation, a type or an attribute in a text: DIALECT.NAME.
_USE = re.compile(r"(?<![\w.$@%^])([a-z]\w*)\.([a-z]\w*)")
_SPLIT = re.compile(r"^// -----.*$", re.MULTILINE)


def source() -> Path:
    """The llvm-project tree."""
    folder = os.environ.get(_VARIABLE)
    if not folder:
        raise pytest.UsageError(f"{_VARIABLE} is not set: name the llvm-project tree of the wheel")
    return Path(folder)


def dialects() -> list[str]:
    """The namespaces of the dialects that MLIR's headers define, sorted."""
    files = sorted((source() / "mlir" / "include" / "mlir").rglob("*.td"))
    blocks = (block for file in files for block in _DIALECT.findall(file.read_text(encoding="utf-8")))
    return sorted({name for block in blocks for name in _NAMESPACE.findall(block)})


def python_dialects() -> list[str]:
    """The dialects for which upstream declares a Python module, sorted."""
    declared = (source() / "mlir" / "python" / "CMakeLists.txt").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^\s*DIALECT_NAME (\w+)", declared, re.MULTILINE)))


def python_files() -> list[str]:
    """The files of upstream's package, as paths in it with slashes, sorted; without its test extension's."""
    package = source() / "mlir" / "python" / "mlir"
    files = (path for path in package.rglob("*.py") if not path.stem.endswith("_test"))
    return sorted(path.relative_to(package).as_posix() for path in files)


def texts(dialect: str) -> list[str]:
    """Texts of upstream's tests that use a dialect and are not about errors, the richest in it first."""
    return _texts_by_dialect().get(dialect, [])


@cache
def _texts_by_dialect() -> dict[str, list[str]]:
    found: dict[str, list[tuple[int, str]]] = {}
    for text in _all_texts():
        names: dict[str, set[str]] = {}
        for dialect, name in _USE.findall(text):
            names.setdefault(dialect, set()).add(name)
        for dialect, used in names.items():
            found.setdefault(dialect, []).append((-len(used), text))
    return {dialect: [text for _, text in sorted(ranked)] for dialect, ranked in found.items()}


def _all_texts() -> Iterator[str]:
    for file in sorted((source() / "mlir" / "test").rglob("*.mlir")):
        for text in _SPLIT.split(file.read_text(encoding="utf-8", errors="replace")):
            if "expected-" not in text:
                yield text
