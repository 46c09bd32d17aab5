"""Generator expressions ($<…>) of link lists, evaluated where an export set itself has what they ask for.

Their meaning is CMake's (cmake-generator-expressions(7)). What depends on who builds (a configuration,
a compiler) has no answer here and ends with ``UnknownForm``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from sdk_package.cmake_file import UnknownForm

if TYPE_CHECKING:
    from collections.abc import Sequence

# Gives a property of a target as it stands in the export set; raises ``KeyError`` for an unknown target.
Lookup = Callable[[str, str], str]
_OPEN = "$<"
_FALSE = {"", "0", "OFF", "NO", "N", "FALSE", "IGNORE", "NOTFOUND"}


def is_false(text: str) -> bool:
    """Whether CMake's ``if`` takes a constant for false."""
    return text.upper() in _FALSE or text.upper().endswith("-NOTFOUND")


def split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators, of which those within an expression do not count."""
    parts = [""]
    depth = 0
    for index, character in enumerate(text):
        depth += text.startswith(_OPEN, index) - (character == ">" and depth > 0)
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def evaluated(text: str, lookup: Lookup) -> str:
    """A text with its expressions replaced by their values; ``$<LINK_ONLY:…>`` stays, around each library.

    Raises:
        UnknownForm: an expression cannot be evaluated.
    """
    result = ""
    while _OPEN in text:
        before, _, after = text.partition(_OPEN)
        content = _content(after)
        result += before + _value(content, lookup)
        text = after[len(content) + 1 :]
    return result + text


def _content(text: str) -> str:
    """What stands before the end of the expression that a text begins within."""
    depth = 1
    for index, character in enumerate(text):
        depth += text.startswith(_OPEN, index) - (character == ">")
        if depth == 0:
            return text[:index]
    raise UnknownForm(f"an expression without its end: {_OPEN}{text}")


def _value(content: str, lookup: Lookup) -> str:
    head, *rest = split(content, ":")
    keyword = evaluated(head, lookup)
    if keyword == "0":
        return ""  # whatever it guards, which may be of no target here
    values = [evaluated(argument, lookup) for argument in split(":".join(rest), ",")]
    if keyword in _FUNCTIONS:
        return _FUNCTIONS[keyword](values)
    try:
        if keyword == "TARGET_PROPERTY":
            name, key = values
            return evaluated(lookup(name, key), _without(lookup, name, key))
        if keyword == "TARGET_NAME":
            lookup(values[0], "")
            return values[0]
    except (KeyError, ValueError):
        pass
    raise UnknownForm(f"{_OPEN}{content}> cannot be evaluated from what is exported")


def _without(lookup: Lookup, *asked: str) -> Lookup:
    """The same, without what has been asked for: a property may not need itself."""

    def find(name: str, key: str) -> str:
        if (name, key) == asked:
            raise KeyError(name)
        return lookup(name, key)

    return find


def _link_only(values: Sequence[str]) -> str:
    return ";".join(f"$<LINK_ONLY:{item}>" for item in split(",".join(values), ";") if item)


def _chosen(values: Sequence[str]) -> str:
    condition, yes, no = values
    return no if is_false(condition) else yes


_FUNCTIONS: dict[str, Callable[[Sequence[str]], str]] = {
    "1": ",".join,
    "LINK_ONLY": _link_only,
    "BOOL": lambda values: f"{int(not is_false(values[0]))}",
    "NOT": lambda values: f"{int(values[0] == '0')}",
    "AND": lambda values: f"{int('0' not in values)}",
    "OR": lambda values: f"{int('1' in values)}",
    "STREQUAL": lambda values: f"{int(len(set(values)) == 1)}",
    "IF": _chosen,
}
