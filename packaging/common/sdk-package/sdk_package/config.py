"""LLVMConfig.cmake and MLIRConfig.cmake, with the lists and the facts of what is shipped."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from sdk_package.cmake_file import CMakeFile, Command, UnknownForm, items, made, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sdk_package.exports import Plan

_LISTS = re.compile(
    r"LLVM_AVAILABLE_LIBS|LLVMBUILD_LIB_DEPS_\w+|MLIR_EXPORTED_TARGETS"
    r"|MLIR_(ALL|DIALECT|CONVERSION|EXTENSION|TRANSLATION|UPSTREAM_CAPI)_LIBS"
)
_DEPENDENCIES = "LLVMBUILD_LIB_DEPS_"
Change = Callable[[Command], "list[Command]"]


def filtered(
    file: CMakeFile, plan: Plan, exported: Collection[str], changes: Mapping[str, Change]
) -> CMakeFile:
    """A config file that lists only what is shipped, and with some commands changed.

    Args:
        file: the file.
        plan: what becomes of the targets.
        exported: the names of all targets. Upstream lists its libraries even where they were not built.
        changes: what replaces a command, by the command's name and first argument (``set A``).

    Raises:
        UnknownForm: a command to be changed is not there exactly once, or one that the rules do not
            know names something that is left out.
    """
    shipped = set(exported) - plan.unlisted()
    done: list[str] = []
    commands: list[Command] = []
    for command in file.commands:
        key = f"{command.name} {command.values()[0]}" if command.arguments else command.name
        if key in changes:
            done.append(key)
            commands += changes[key](command)
        else:
            commands += _listed(command, shipped)
    if sorted(done) != sorted(changes):
        raise UnknownForm(
            f"expected one each of {', '.join(sorted(changes))}, found: {', '.join(done) or 'none'}"
        )
    for command in commands:
        _ensure_known(command, plan)
    return replace(file, commands=tuple(commands))


def _listed(command: Command, shipped: set[str]) -> list[Command]:
    """A command that sets a list of targets, with those that are shipped; others as they are."""
    position = {"set": 0, "set_property": 2}.get(command.name)
    if position is None or len(command.arguments) <= position:
        return [command]
    variable = command.arguments[position]
    if not _LISTS.fullmatch(variable):
        return [command]
    if variable.startswith(_DEPENDENCIES) and variable[len(_DEPENDENCIES) :] not in shipped:
        return []
    names = [item for argument in command.arguments[position + 1 :] for item in items(argument)]
    kept = [name for name in names if name in shipped]
    if kept == names:
        return [command]
    return [command.with_arguments([*command.arguments[: position + 1], quoted(kept)])]


def _ensure_known(command: Command, plan: Plan) -> None:
    for argument in command.arguments:
        names = set(items(argument)) & set(plan.left_out)
        if names:
            raise UnknownForm(f"{min(names)} is left out, but named by: {command.text.strip()[:200]}")


def replaced_by(text: str) -> Change:
    """A change to other commands."""
    return lambda command: made(_lead(command) + text)


def followed_by(text: str) -> Change:
    """A change that adds commands after it."""
    return lambda command: [command, *made(text)]


def with_hint(hint: str) -> Change:
    """A change that gives ``find_package`` one more place to look at."""
    return lambda command: [command.with_arguments([*command.arguments, f'"{hint}"'])]


def _lead(command: Command) -> str:
    return command.text[: command.text.index(f"{command.name}(")]
