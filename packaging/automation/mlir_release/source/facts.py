"""What a source tree of llvm-project says of itself, as far as this project depends on it.

Read from upstream's build files alone: nothing is configured, and no other file is needed. What stands
behind a condition counts, as a machine may fulfil it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

import llvm_facts
from mlir_release.source.cmake_text import NotCMake, executed
from mlir_release.source.layout import VERSION_FILE, read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlir_release.source.cmake_text import Command

_LIT = "mlir/test/lit.site.cfg.py.in"
_CONFIGS = (
    "llvm/cmake/modules/LLVMConfig.cmake.in",
    "llvm/cmake/modules/CMakeLists.txt",
    "mlir/cmake/modules/MLIRConfig.cmake.in",
)
_BINDINGS = "mlir/python/"
# What is read of a tree: paths below the root of llvm-project, in the form of .gitignore and of Path.glob.
FILES = (
    VERSION_FILE,
    "mlir/python/requirements.txt",
    _LIT,
    *_CONFIGS,
    "mlir/CMakeLists.txt",
    "mlir/cmake/**/*.cmake",
    *(
        f"mlir/{part}/**/CMakeLists.txt"
        for part in ("cmake", "examples", "include", "lib", "python", "test/lib", "tools", "utils")
    ),
    "llvm/CMakeLists.txt",
    "llvm/cmake/**/*.cmake",
    *(f"llvm/{part}/**/CMakeLists.txt" for part in ("cmake", "include", "lib", "tools", "utils")),
)
_LIBRARY = re.compile(r"add_(?:llvm|mlir)_(?:\w+_)?library(?:_install)?|llvm_add_library|add_mlir_aggregate")
_TOOLS = frozenset(
    {
        "add_llvm_tool",
        "add_llvm_utility",
        "add_mlir_tool",
        "add_tablegen",
        "add_llvm_tool_symlink",
        "add_llvm_executable",
    }
)
_OURS = re.compile(r"(?:LLVM|MLIR)_\w+")
_UPSTREAMS_COMMAND = re.compile(r"(?:add|declare)_(?:llvm|mlir)_\w+|mlir_\w+|llvm_\w+")
# In the CMake packages, and in what they are made from.
SETTING = re.compile(r"^\s*\"?set\(((?:LLVM|MLIR)_\w+)[ \t]*\"?([^\n\"]*?)\"?\s*\)", re.MULTILINE)
_LIT_SETTING = re.compile(r"^config\.(\w+)\s*=", re.MULTILINE)


class Kind(StrEnum):
    """What a fact is about, in the order of a report."""

    PYTHON = "lowest Python"
    REQUIREMENTS = "requirements of the bindings"
    DIALECTS = "dialects of the bindings"
    EXTENSIONS = "extension modules of the bindings"
    TOOLS = "tools"
    TARGETS = "export targets"
    OPTIONS = "options"
    SETTINGS = "settings of the CMake packages"
    LIT = "settings of lit"
    COMMANDS = "commands of upstream's CMake files"
    EXPRESSIONS = "generator expressions of the export targets"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a tree, or an installation, says of itself.

    ``version`` is LLVM's; ``found`` has, for each kind that could be read, names with what is said of them
    (nothing, a version, the folder, the default); ``complete`` whether a name that is not found does not
    exist upstream; ``unread`` what could not be read, a line each.
    """

    version: str
    complete: bool
    found: Mapping[Kind, Mapping[str, str]]
    unread: tuple[str, ...] = ()


def of_tree(tree: Path) -> Facts:
    """The facts of a source tree, of which only ``FILES`` are read.

    Raises:
        UserError: it does not say its version, so that it is no llvm-project.
    """
    version = read_version(tree)
    # None at all is a finding, too.
    found: dict[Kind, dict[str, str]] = {kind: {} for kind in _OF_COMMANDS}
    unread: list[str] = []
    for kind, read in _READERS.items():
        try:
            found[kind] = read(tree)
        except (llvm_facts.UnknownForm, InvalidRequirement, OSError) as error:
            unread.append(f"{kind}: {str(error).replace(f'{tree}', 'the tree')}")
    for path in build_files(tree):
        name = path.relative_to(tree).as_posix()
        try:
            for command in executed(path.read_text(encoding="utf-8", errors="replace")):
                for kind, key, value in _said(command, name):
                    said = found[kind].setdefault(key, value)
                    # An option may have one default here and another one there.
                    if kind is Kind.OPTIONS and value not in said.split(" or "):
                        found[kind][key] = f"{said} or {value}"
        except NotCMake as error:
            unread.append(f"{name} is not read to its end: {error}")
    return Facts(version=version, complete=True, found=found, unread=tuple(unread))


def build_files(tree: Path) -> list[Path]:
    """The CMake files of a tree that are read, sorted."""
    found = {path for pattern in FILES for path in tree.glob(pattern)}
    return sorted(path for path in found if path.name == "CMakeLists.txt" or path.suffix == ".cmake")


def _lowest_python(tree: Path) -> dict[str, str]:
    return {"Python": llvm_facts.lowest_python(tree)}


def _requirements(tree: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for it in map(Requirement, llvm_facts.requirements(tree)):
        condition = f" if {it.marker}" if it.marker else ""
        # A name may stand there more than once, for several Pythons.
        before = f"{found[it.name]} | " if it.name in found else ""
        found[it.name] = f"{before}{it.specifier or 'any'}{condition}"
    return found


def _settings(tree: Path) -> dict[str, str]:
    texts = ((tree / name).read_text(encoding="utf-8") for name in _CONFIGS)
    return {name: "" for text in texts for name, _ in SETTING.findall(text)}


def _lit_settings(tree: Path) -> dict[str, str]:
    return dict.fromkeys(_LIT_SETTING.findall((tree / _LIT).read_text(encoding="utf-8")), "")


_READERS: Mapping[Kind, Callable[[Path], dict[str, str]]] = {
    Kind.PYTHON: _lowest_python,
    Kind.REQUIREMENTS: _requirements,
    Kind.SETTINGS: _settings,
    Kind.LIT: _lit_settings,
}


_OF_COMMANDS = (Kind.DIALECTS, Kind.EXTENSIONS, Kind.TOOLS, Kind.TARGETS, Kind.OPTIONS, Kind.COMMANDS)


def _said(command: Command, file: str) -> Iterator[tuple[Kind, str, str]]:
    """What a command in a file says: of which kind, the name, and what of it."""
    folder, first = file.rpartition("/")[0], (*command.arguments, "")[0]
    if _UPSTREAMS_COMMAND.fullmatch(command.name):
        yield Kind.COMMANDS, command.name, file
    if _LIBRARY.fullmatch(command.name):
        yield _named(Kind.TARGETS, command, first, "", file)
    elif command.name == "add_llvm_target":
        yield _named(Kind.TARGETS, command, f"LLVM{first}", "", file)
    elif command.name in _TOOLS:
        yield _named(Kind.TOOLS, command, first, folder, file)
    elif file.startswith(_BINDINGS) and command.name.startswith("declare_mlir_"):
        yield from _of_bindings(command, file)
    else:
        yield from _options(command, first)


def _named(kind: Kind, command: Command, name: str, value: str, file: str) -> tuple[Kind, str, str]:
    """A thing by its name; a name that depends on a variable is a form of its own."""
    return (Kind.COMMANDS, f"{command.name}({name})", file) if "$" in name else (kind, name, value)


def _of_bindings(command: Command, file: str) -> Iterator[tuple[Kind, str, str]]:
    keywords = dict(zip(command.arguments, command.arguments[1:], strict=False))
    dialect, extension = keywords.get("DIALECT_NAME"), keywords.get("EXTENSION_NAME")
    if dialect:
        name = f"{dialect}: {extension}" if extension else dialect
        yield _named(Kind.DIALECTS, command, name, "", file)
    if "MODULE_NAME" in keywords:
        yield _named(Kind.EXTENSIONS, command, keywords["MODULE_NAME"], "", file)


def _options(command: Command, name: str) -> Iterator[tuple[Kind, str, str]]:
    """Options with their defaults, as they are written."""
    if not _OURS.fullmatch(name):
        return
    words = command.arguments
    if command.name in ("option", "cmake_dependent_option"):
        yield Kind.OPTIONS, name, (*words, "OFF", "OFF")[2]
    elif command.name == "set" and "CACHE" in words and "INTERNAL" not in words:
        yield Kind.OPTIONS, name, " ".join(words[1 : words.index("CACHE")])
