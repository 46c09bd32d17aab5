"""CMake files as lists of commands, so that single ones can be left out or changed."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Blanks and comments; a bracket comment would be taken for a command, and none is generated.
_TRIVIA = re.compile(r"(?:\s+|#[^\n]*)*")
_NAME = re.compile(r"(\w+)[ \t]*\(")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(=*)\[.*?\]\1\]|[()]|(?:[^\s()#"\\]|\\.)+', re.DOTALL)


class UnknownForm(Exception):
    """A file is not written the way that the rules know; they must be looked at again."""


@contextmanager
def errors_of(name: str) -> Iterator[None]:
    """Put the name of a file or target before what is said of a form in it that is not known."""
    try:
        yield
    except UnknownForm as error:
        raise UnknownForm(f"{name}: {error}" if name else f"{error}") from None


@dataclass(frozen=True)
class Command:
    """One command: its name, its arguments as written, and its text with the comments before it."""

    name: str
    arguments: tuple[str, ...]
    text: str

    def values(self) -> tuple[str, ...]:
        """The arguments without their quotes."""
        return tuple(unquoted(argument) for argument in self.arguments)

    def with_arguments(self, arguments: Iterable[str]) -> Command:
        """The same command with other arguments, on a line of its own after the same comments."""
        made = tuple(arguments)
        lead = self.text[: _after_trivia(self.text, 0)]
        return Command(self.name, made, f"{lead}{self.name}({' '.join(made)})")


@dataclass(frozen=True)
class CMakeFile:
    """The commands of a file, and the text after the last one; ``name`` is the file's, for messages."""

    commands: tuple[Command, ...]
    rest: str
    name: str = ""

    def text(self) -> str:
        """The file's content."""
        return "".join(command.text for command in self.commands) + self.rest


def unquoted(argument: str) -> str:
    """An argument without its quotes, if it has any."""
    return argument[1:-1] if argument.startswith('"') else argument


def items(argument: str) -> list[str]:
    """An argument as a CMake list, quoted or not."""
    return [item for item in unquoted(argument).split(";") if item]


def quoted(values: Iterable[str]) -> str:
    """A CMake list as one quoted argument."""
    return f'"{";".join(values)}"'


def parse(text: str, name: str = "") -> CMakeFile:
    """Read a CMake file of that name.

    Raises:
        UnknownForm: it is not a sequence of commands.
    """
    commands = list(_commands(text))
    end = sum(len(command.text) for command in commands)
    if _after_trivia(text, end) != len(text):
        raise UnknownForm(f"not a CMake command: {text[end:].strip().splitlines()[0]}")
    return CMakeFile(tuple(commands), text[end:], name)


def made(text: str) -> list[Command]:
    """The commands of some new text."""
    return list(_commands(text))


def _commands(text: str) -> Iterator[Command]:
    start = 0
    while match := _NAME.match(text, _after_trivia(text, start)):
        arguments, end = _arguments(text, match.end())
        yield Command(match[1], tuple(arguments), text[start:end])
        start = end


def _arguments(text: str, position: int) -> tuple[list[str], int]:
    """The arguments from after an opening parenthesis on, and where the closing one ends."""
    found: list[str] = []
    depth = 1
    start = position
    while token := _TOKEN.match(text, position := _after_trivia(text, position)):
        position = token.end()
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return found, position
        found.append(token[0])
    raise UnknownForm(f"a command without its end: {text[start : start + 60]!r}")


def _after_trivia(text: str, position: int) -> int:
    match = _TRIVIA.match(text, position)
    assert match is not None  # it matches nothing, too
    return match.end()
