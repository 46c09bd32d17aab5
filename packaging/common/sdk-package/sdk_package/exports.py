"""Export files (LLVMExports*.cmake, MLIRTargets*.cmake): read, and written again with what is shipped.

CMake's own export files are wanted whole: they stop when a file of any of their targets is missing.
Their form is CMake's (cmExportFileGenerator.cxx); what is not known here ends with ``UnknownForm``.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sdk_package import rules
from sdk_package.cmake_file import CMakeFile, Command, UnknownForm, errors_of, items, made, quoted
from sdk_package.link_lists import CREATING, properties_of, with_lists
from sdk_package.rules import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CHECKED_FILES = "_cmake_import_check_files_for_"
_FILES = ("IMPORTED_LOCATION_", "IMPORTED_OBJECTS_")
_PREFIX = "${_IMPORT_PREFIX}/"
# What can be the name of a target in a generator expression.
_NAMES = re.compile(r"[\w.+-]+")
# What else these files are made of: none of it names a target.
_FRAME = {"if", "else", "elseif", "endif", "message", "cmake_policy", "set", "unset", "foreach", "endforeach"}
_FRAME |= {"string", "return", "get_filename_component", "file", "include", "list"}


@dataclass(frozen=True)
class Plan:
    """What becomes of the targets.

    ``left_out`` has those that are not shipped, with the reasons; ``stand_ins`` the libraries that a
    shared one is replaced by; ``compiled`` the programs that are made anew. Since that takes this
    very CMake package, it does not ask whether they are there.
    """

    left_out: Mapping[str, str]
    stand_ins: Mapping[str, Sequence[str]]
    compiled: Sequence[str]

    def unlisted(self) -> set[str]:
        """The names that no list of libraries may have."""
        return {*self.left_out, *self.stand_ins}


def targets(files: Iterable[CMakeFile]) -> dict[str, Target]:
    """The targets of an export set: of its main file and those of its configurations, in this order."""
    found: dict[str, Target] = {}
    for file in files:
        for command in file.commands:
            words = command.values()
            if command.name in CREATING:
                kind = "EXECUTABLE" if command.name == "add_executable" else words[1]
                found[words[0]] = Target(words[0], kind, file=file.name)
            elif command.name == "set_target_properties":
                found[words[0]] = _with_properties(found[words[0]], properties_of(command))
    return found


def _with_properties(target: Target, properties: dict[str, str]) -> Target:
    links = [name_of(item) for item in items(properties.get("INTERFACE_LINK_LIBRARIES", ""))]
    # Not from the lists of files to be checked: Debian disables these, since its packages are apart.
    files = [file for key, value in properties.items() if key.startswith(_FILES) for file in items(value)]
    return replace(
        target,
        links=(*target.links, *links),
        files=(*target.files, *map(_relative, files)),
        properties={**target.properties, **properties},
    )


def name_of(item: str) -> str:
    """The library of a link item, which may be ``$<LINK_ONLY:library>``."""
    match = re.fullmatch(r"\\?\$<LINK_ONLY:(.*)>", item)
    return match[1] if match else item


def _relative(file: str) -> str:
    if not file.startswith(_PREFIX):
        raise UnknownForm(f"a target's file is not in the prefix: {file}")
    return file[len(_PREFIX) :]


def filtered(file: CMakeFile, plan: Plan, *, added: str = "", new: Sequence[str] = ()) -> CMakeFile:
    """A file of an export set, without what is left out.

    Args:
        file: the main file, or that of a configuration.
        plan: what becomes of the targets.
        added: commands that create further targets, or give them files.
        new: the names of these targets.

    Raises:
        UnknownForm: a command that the rules do not know names something that is left out.
    """
    commands: list[Command] = []
    pending = made(added)
    with errors_of(file.name):
        for command in _without_install_folder(file.commands):
            if _is_end(command):
                commands += pending
                pending = []
            commands += _kept(command, plan, new)
        for command in commands:
            _ensure_known(command, plan)
    return replace(file, commands=tuple(commands))


def _is_end(command: Command) -> bool:
    """Whether further targets come before this command, in the main file or in a configuration's."""
    return command.name == "file" or (
        command.name == "set" and command.arguments == ("CMAKE_IMPORT_FILE_VERSION",)
    )


def _without_install_folder(commands: Iterable[Command]) -> Iterable[Command]:
    """Leave out the block that compares with the folder where the prefix was first installed."""
    inside = False
    for command in commands:
        inside = inside or command.arguments[:1] == ("_realCurr",)
        if not inside:
            yield command
        elif command.name == "unset" and command.arguments == ("_realCurr",):
            inside = False


def _kept(command: Command, plan: Plan, new: Sequence[str]) -> list[Command]:
    """What a command becomes: itself, a changed one, several or none."""
    subject = _subject(command)
    if subject in plan.left_out:
        return []
    if subject in plan.stand_ins:
        return _stand_in(command, subject, plan) if command.name in CREATING else []
    if subject in plan.compiled and command.name == "list":
        return []
    if command.name == "set_target_properties":
        return [_with_links(command, plan)]
    if command.name == "foreach" and command.arguments[0] in {"_cmake_expected_target", "_expectedTarget"}:
        names = [*(word for word in command.values() if word not in plan.left_out), *new]
        return [command.with_arguments(names)]
    return [command]


def _subject(command: Command) -> str:
    """The target that a command is about; empty if it is about none."""
    words = command.values()
    if command.name in {*CREATING, "set_target_properties"}:
        return words[0]
    if command.name == "set_property" and words[0] == "TARGET":
        return words[1]
    if command.name == "list" and words[1] == "_cmake_import_check_targets":
        return words[2]
    if command.name == "list" and words[1].startswith(_CHECKED_FILES):
        return words[1][len(_CHECKED_FILES) :]
    return ""


def _stand_in(command: Command, name: str, plan: Plan) -> list[Command]:
    """The same target, as a name for static libraries."""
    lead = command.text[: command.text.index("add_")]
    return made(
        f"{lead}add_library({name} INTERFACE IMPORTED)\n\n"
        f"set_target_properties({name} PROPERTIES\n"
        f"  INTERFACE_LINK_LIBRARIES {quoted(plan.stand_ins[name])}\n)"
    )


def _with_links(command: Command, plan: Plan) -> Command:
    """The command with the lists of libraries as they are on any machine."""

    def change(value: str) -> str:
        return quoted(portable(item) for item in items(value) if _linked(item, plan))

    return with_lists(command, change)


def _linked(item: str, plan: Plan) -> bool:
    """Whether an item stays in a list of libraries.

    One that is not installed does not: such a list is longer than what a distribution installs
    together (Debian's LLVM names Polly), and CMake would stop at it.
    """
    reason = plan.left_out.get(name_of(item))
    if reason == rules.NOT_INSTALLED:
        return False
    if reason:
        raise UnknownForm(
            f"{name_of(item)} is left out ({reason}), but a library that is shipped links to it"
        )
    return True


def portable(item: str) -> str:
    """A library that is named by its path on this machine, by its name; others as they are."""
    match = re.fullmatch(r"/.*/lib([^/]+?)\.(?:so|a|dylib)[\d.]*", item)
    return match[1] if match else item


def _ensure_known(command: Command, plan: Plan) -> None:
    known = _FRAME | {*CREATING, "set_target_properties", "set_property"}
    if command.name not in known:
        raise UnknownForm(f"a command that no export file has had so far: {command.text.strip()}")
    for argument in command.arguments:
        named = (_NAMES.findall(item) if "$<" in item else [item] for item in items(argument))
        names = {*itertools.chain.from_iterable(named)} & set(plan.left_out)
        if names:
            raise UnknownForm(f"{min(names)} is left out, but named by: {command.text.strip()[:200]}")
