"""The commands in a CMake file, as they are written: conditions are not looked at.

The grammar is cmake-language(7)'s, without the legacy form of an unquoted argument with quotes inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKEN = re.compile(
    r"""
    \s+ | \#\[(?P<comment>=*)\[.*?\](?P=comment)\] | \#(?!\[=*\[)[^\n]*
    | \[(?P<level>=*)\[(?P<bracket>.*?)\](?P=level)\]
    | "(?P<quoted>(?:[^"\\]|\\.)*)"
    | (?P<parenthesis>[()])
    | (?!\[=*\[)(?P<word>(?:[^\s()#"\\]|\\.)+)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS = ("bracket", "quoted", "parenthesis", "word")
_DEFINITIONS = ("function", "macro")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAME = re.compile(r"[A-Za-z_]\w*")


class NotCMake(ValueError):
    """A text is not CMake's; the message says where."""


@dataclass(frozen=True)
class Command:
    """A command: its name in lower case, its arguments without quotes; parentheses in them are left out."""

    name: str
    arguments: tuple[str, ...]


def commands(text: str) -> Iterator[Command]:
    """All commands of a file, in their order.

    Raises:
        NotCMake: it is cut short, or something else.
    """
    name = ""
    arguments: list[str] = []
    depth = 0
    for kind, value in _tokens(text):
        if not depth and value == "(" and name:
            depth, arguments = 1, []
        elif not depth:
            if kind != "word" or name or not _NAME.fullmatch(value):
                raise NotCMake(f"{value!r} is no command")
            name = value
        elif kind != "parenthesis":
            arguments.append(value)
        else:
            depth += 1 if value == "(" else -1
            if not depth:
                yield Command(name.lower(), tuple(arguments))
                name = ""
    if name:
        raise NotCMake(f"it ends inside of {name}")


def executed(text: str) -> Iterator[Command]:
    """The commands that run as a file is read, whatever conditions say.

    A call of a function or macro that the file itself defines stands for what is in that, with the call's
    arguments in it.

    Raises:
        NotCMake: as ``commands``.
    """
    bodies: dict[str, list[Command]] = {}
    parameters: dict[str, tuple[str, ...]] = {}
    inside = ""
    for command in commands(text):
        if command.name in _DEFINITIONS and command.arguments:
            inside = command.arguments[0].lower()
            bodies[inside], parameters[inside] = [], command.arguments[1:]
        elif command.name.removeprefix("end") in _DEFINITIONS:
            inside = ""
        elif inside:
            bodies[inside].append(command)
        elif command.name in bodies:
            values = dict(zip(parameters[command.name], command.arguments, strict=False))
            yield from (_with(values, each) for each in bodies[command.name])
        else:
            yield command


def _with(values: Mapping[str, str], command: Command) -> Command:
    """A command with the values of variables in its arguments, where there is one."""
    replaced = (_VARIABLE.sub(lambda it: values.get(it[1], it[0]), word) for word in command.arguments)
    return Command(command.name, tuple(replaced))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """What is neither a space nor a comment: its kind, its text."""
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            line = text.count("\n", 0, position) + 1
            raise NotCMake(f"what begins in line {line} does not end")
        position = found.end()
        yield from ((kind, found[kind]) for kind in _KINDS if found[kind] is not None)
