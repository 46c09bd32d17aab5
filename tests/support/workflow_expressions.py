"""GitHub's expressions, as far as this project's workflows use them.

Literals, contexts, ``! == != && ||``, parentheses and some functions, by the rules of GitHub's documentation
("Evaluate expressions in workflows and actions").
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|&&|\|\||[!().,]))"
)
_WHOLE = re.compile(r"\s*\$\{\{(.*?)\}\}\s*", re.DOTALL)
_PART = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_CONSTANTS = {"true": True, "false": False, "null": None}
_STATUS = re.compile(r"\b(?:success|failure|always|cancelled)\s*\(")


class BadExpression(Exception):
    """An expression that is none, or uses what is not known here."""


@dataclass(frozen=True)
class Contexts:
    """What expressions can name: ``inputs``, ``needs``, …, and functions besides the usual ones."""

    values: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def evaluate(self, text: str) -> Any:
        """The value of an expression, without its ``${{ }}``."""
        parser = _Parser(_tokens(text), self)
        value = parser.either()
        if parser.rest:
            raise BadExpression(f"{text!r}: {parser.rest[0][1]!r} is not expected")
        return value

    def resolve(self, value: Any) -> Any:
        """A value of a workflow with its expressions evaluated; one that is nothing else keeps its type."""
        if isinstance(value, dict):
            return {key: self.resolve(it) for key, it in value.items()}
        if isinstance(value, list):
            return [self.resolve(it) for it in value]
        if not isinstance(value, str):
            return value
        whole = _WHOLE.fullmatch(value)
        if whole and "}}" not in whole[1]:
            return self.evaluate(whole[1])
        return _PART.sub(lambda found: as_text(self.evaluate(found[1])), value)

    def holds(self, condition: str | None, *, well: bool) -> bool:
        """Whether an ``if`` says yes; without a question for the status, only while all is well."""
        text = "true" if condition is None else str(condition)
        whole = _WHOLE.fullmatch(text)
        value = truth(self.evaluate(whole[1] if whole else text))
        return value and (well or bool(_STATUS.search(text)))


def truth(value: Any) -> bool:
    """Whether GitHub takes a value for true: not false, 0, the empty string and null."""
    return value not in (None, False, 0, "")


def as_text(value: Any) -> str:
    """How a value looks inside of a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadExpression(f"{text!r} cannot be read at {text[at:]!r}")
        assert token.lastgroup
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Parser:
    """Evaluates while it reads; both sides of && and || have no effects, so both are evaluated."""

    def __init__(self, tokens: list[tuple[str, str]], contexts: Contexts) -> None:
        self.rest = tokens
        self.contexts = contexts

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if truth(value) else other
        return value

    def _both(self) -> Any:
        value = self._comparison()
        while self._take("&&"):
            other = self._comparison()
            value = other if truth(value) else value
        return value

    def _comparison(self) -> Any:
        value = self._negation()
        for sign in ("==", "!="):
            if self._take(sign):
                return _equal(value, self._negation()) == (sign == "==")
        return value

    def _negation(self) -> Any:
        return not truth(self._negation()) if self._take("!") else self._primary()

    def _primary(self) -> Any:
        if self._take("("):
            value = self.either()
            self._expect(")")
            return value
        kind, text = self._next()
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind != "name":
            raise BadExpression(f"{text!r} is no value")
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        return self._call(text) if self._take("(") else self._path(text)

    def _call(self, name: str) -> Any:
        arguments = []
        while not self._take(")"):
            arguments.append(self.either())
            if not self._take(","):
                self._expect(")")
                break
        function = {**_FUNCTIONS, **self.contexts.functions}.get(name)
        if function is None:
            raise BadExpression(f"the function {name} is not known here")
        return function(*arguments)

    def _path(self, name: str) -> Any:
        if name not in self.contexts.values:
            raise BadExpression(f"there is no context {name} here")
        value = self.contexts.values[name]
        while self._take("."):
            _, key = self._next()
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _next(self) -> tuple[str, str]:
        if not self.rest:
            raise BadExpression("the expression ends too early")
        token, *self.rest = self.rest
        return token

    def _take(self, sign: str) -> bool:
        if self.rest[:1] != [("sign", sign)]:
            return False
        del self.rest[0]
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise BadExpression(f"{sign!r} is missing")


def _equal(one: Any, other: Any) -> bool:
    """Strings without regard to case; null, booleans and empty strings as numbers when kinds differ."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is not type(other):
        return _number(one) == _number(other)
    return bool(one == other)


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return float("nan")


def _format(text: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: as_text(values[int(found[1])]), text)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"format": _format, "fromJSON": json.loads}
