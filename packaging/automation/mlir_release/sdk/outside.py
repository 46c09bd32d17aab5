"""What LLVM's build may take of the machine that it runs on, an allow-list; all else is off.

Which packages and options there are is read from the tree, so that what a new LLVM begins to look for
(zlib once, zstd, then LZMA) is off before anybody has heard of it. A library that an SDK shall really need
is put into ``PACKAGES`` and asked for in the recipe's settings (``FORCE_ON``), which its content key has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Programs that run while it is built, parts of the C library, and LLVM itself, which MLIR alone asks for.
PACKAGES = frozenset({"Backtrace", "Git", "LLVM", "Python", "Python3", "Threads"})
# Options under which the machine is looked at, but which are about other things.
OPTIONS = frozenset({"LLVM_ENABLE_PIC", "LLVM_ENABLE_THREADS"})
# The files that CMake reads when LLVM and MLIR are configured.
_FILES = (
    "cmake/**/*.cmake",
    *(f"{part}/CMakeLists.txt" for part in ("llvm", "mlir")),
    *(f"{part}/cmake/**/*.cmake" for part in ("llvm", "mlir")),
    *(
        f"{part}/{folder}/**/CMakeLists.txt"
        for part in ("llvm", "mlir")
        for folder in ("lib", "tools", "utils")
    ),
)
_COMMAND = re.compile(
    r"^\s*(if|elseif|else|endif|find_package|find_library|find_path|check_library_exists|pkg_check_modules)"
    r"\s*\(([^#\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_NAME = re.compile(r"[\w-]+")
_OPTION = re.compile(r"\b(?:LLVM|MLIR)_ENABLE_\w+")


def settings(tree: Path) -> dict[str, str]:
    """The CMake variables that keep LLVM's build from looking at the machine.

    Args:
        tree: the root of llvm-project.
    """
    packages, options = _sought(tree)
    return {
        **{f"CMAKE_DISABLE_FIND_PACKAGE_{name}": "ON" for name in sorted(packages - PACKAGES)},
        **dict.fromkeys(sorted(options - OPTIONS), "OFF"),
    }


def _sought(tree: Path) -> tuple[set[str], set[str]]:
    """The packages that a tree's CMake files look for, and the options under which they look."""
    packages: set[str] = set()
    options: set[str] = set()
    for file in (file for pattern in _FILES for file in tree.glob(pattern)):
        for command, argument, conditions in _searches(file.read_text(encoding="utf-8", errors="replace")):
            if command == "find_package" and (name := _NAME.match(argument)):
                packages.add(name[0])
            options.update(option for condition in conditions for option in _OPTION.findall(condition))
    return packages, options


def _searches(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Each command that looks at the machine: its name, what follows it, and the conditions around it."""
    conditions: list[str] = []
    for found in _COMMAND.finditer(text):
        command, argument = found[1].lower(), found[2].strip()
        if command in {"elseif", "else", "endif"} and conditions:
            conditions.pop()
        if command in {"if", "elseif", "else"}:
            conditions.append(argument)
        elif command != "endif":
            yield command, argument, conditions
