"""What CMake packages name of the machine that they were made on, and what of it any machine has.

An SDK that was compiled for others must name nothing else: whoever links to it would need the same library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdk_package import exports, generator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sdk_package.cmake_file import CMakeFile
    from sdk_package.rules import Target

# Of the C and C++ runtime, and of the systems themselves ("system_libs" in llvm/lib/Support/CMakeLists.txt).
_RUNTIME = {"m", "rt", "dl", "pthread", "atomic", "execinfo", "Threads::Threads"}
_WINDOWS = {"psapi", "shell32", "ole32", "uuid", "advapi32", "ws2_32", "ntdll", "delayimp", "version"}
ALLOWED = frozenset(_RUNTIME | _WINDOWS)
# Linkers' own options: which libraries Windows loads late, and frameworks of macOS.
_OPTIONS = ("-delayload:", "-framework ")
# What a package may look for: the other package, and threads.
_PACKAGES = frozenset({"LLVM", "MLIR", "Threads"})


def libraries(targets: Mapping[str, Target], others: Iterable[str] = ()) -> list[str]:
    """One line for each library of the machine that targets link to; ``others`` are known targets, too."""
    known = {*targets, *others, *ALLOWED}
    return [
        f"{target.name} links to {link}"
        for target in targets.values()
        for link in dict.fromkeys(map(exports.portable, target.links))
        if link not in known and not link.startswith(_OPTIONS)
    ]


def packages(config: CMakeFile) -> list[str]:
    """One line for each package that a config file looks for on the machine of whoever uses it."""
    return [f"{config.name} looks for {name}" for name in _sought(config) if name not in _PACKAGES]


def _sought(config: CMakeFile) -> Iterator[str]:
    """The packages that are looked for, less those behind a condition that the file itself says is false."""
    values: dict[str, str] = {}
    conditions: list[bool] = []
    for command in config.commands:
        words = command.values()
        if command.name == "set":
            values[words[0]] = ";".join(words[1:])
        elif command.name == "if":
            conditions.append(len(words) != 1 or not generator.is_false(values.get(words[0], words[0])))
        elif command.name == "endif":
            conditions.pop()
        elif command.name in {"find_package", "find_dependency"} and all(conditions):
            yield words[0]
