"""The lists of libraries in export files: where they are, changed one by one, and evaluated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from sdk_package import generator
from sdk_package.cmake_file import CMakeFile, Command, errors_of, made, quoted, unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence

CREATING = ("add_library", "add_executable")
# Properties that are lists of targets and libraries.
_LINKS = ("INTERFACE_LINK_LIBRARIES", "MLIR_AGGREGATE_DEP_LIBS_IMPORTED")
_LINKS_OF_CONFIG = "IMPORTED_LINK_DEPENDENT_LIBRARIES_"


def evaluated(files: Sequence[CMakeFile]) -> list[CMakeFile]:
    """The files of an export set, in whose lists of libraries generator expressions are evaluated.

    Raises:
        UnknownForm: one asks for what no export set says; the message has file and target.
    """
    properties: dict[str, dict[str, str]] = {}
    for command in (command for file in files for command in file.commands):
        if command.name in CREATING:
            properties[command.values()[0]] = {}
        elif command.name == "set_target_properties":
            properties[command.values()[0]].update(properties_of(command))

    def lookup(target: str, key: str) -> str:
        return properties[target].get(key, "").replace("\\$", "$")

    def change(value: str) -> str:
        plain = unquoted(value).replace("\\$", "$")
        return quoted([generator.evaluated(plain, lookup).replace("$<", "\\$<")])

    written = []
    for file in files:
        with errors_of(file.name):
            commands = tuple(with_lists(command, change) for command in file.commands)
            written.append(replace(file, commands=commands))
    return written


def properties_of(command: Command) -> dict[str, str]:
    """What ``set_target_properties`` sets."""
    words = command.values()
    return dict(zip(words[2::2], words[3::2]))


def with_lists(command: Command, change: Callable[[str], str]) -> Command:
    """The command with its lists of libraries, as written, changed; one that has none as it is."""
    if command.name != "set_target_properties":
        return command
    name, _, *rest = command.arguments
    lines = []
    changed = False
    for key, value in zip(rest[::2], rest[1::2]):
        text = value
        if key in _LINKS or key.startswith(_LINKS_OF_CONFIG):
            with errors_of(name):
                text = change(value)
        changed = changed or text != value
        lines.append(f"  {key} {text}\n")
    if not changed:
        return command
    lead = command.text[: command.text.index("set_target_properties(")]
    return made(f"{lead}set_target_properties({name} PROPERTIES\n{''.join(lines)})")[0]
