"""Values of JSON documents that anybody can have written, taken out one by one in the form they must have."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from packaging.specifiers import InvalidSpecifier, SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
# As the pin has them (``pin``).
LLVM_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}(rc\d{1,6}|git)?", re.ASCII)
REF = re.compile(r"[\w./-]{1,200}", re.ASCII)
PATCH = re.compile(r"\d{4}-[\w.-]{1,200}\.patch", re.ASCII)
# No separator of folders, and nothing that a shell, a terminal or a page reads as more than a name.
WHEEL = re.compile(r"[A-Za-z0-9][\w.+-]{1,250}\.whl", re.ASCII)
PYTHON = re.compile(r"cp3\d{1,2}(?:t|-abi3)?|py3", re.ASCII)
TARGET = re.compile(r"[a-z]+-[a-z0-9_]+", re.ASCII)
WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}", re.ASCII)

_LONGEST = 1000
_LONGEST_SHOWN = 80
_LARGEST = 2**53  # what every reader of JSON holds exactly (RFC 8259, section 6)


class Malformed(ValueError):
    """What is wrong, as a part of a sentence."""


def load(content: str) -> Any:
    """What a text in JSON says.

    Raises:
        Malformed: it is not JSON, or JSON that readers read differently: a key twice, or NaN.
    """
    try:
        return json.loads(content, object_pairs_hook=_unique, parse_constant=_refuse)
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:  # also a number with more digits than Python reads
        raise Malformed(f"not JSON ({error})") from None


@dataclass(frozen=True)
class Table:
    """An object of JSON and what it is called in errors; remembers which keys were asked for."""

    content: Mapping[str, Any]
    where: str
    asked: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, value: Any, where: str) -> Table:
        """The table that a value is; raises ``Malformed`` if it is none."""
        if not isinstance(value, dict):
            raise Malformed(f"{where} is {_brief(value)}, not a table")
        return cls(value, where)

    def text(self, key: str) -> str:
        """Text that can be shown: in one line, without what would steer a terminal."""
        value = self._get(key)
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
            self._refuse(key, value, "a line of text")
        return value

    def matching(self, key: str, form: re.Pattern[str]) -> str:
        """Text of a form."""
        value = self.text(key)
        if not form.fullmatch(value):
            self._refuse(key, value, f"of the form {form.pattern}")
        return value

    def number(self, key: str, *, least: int = 0) -> int:
        """A whole number, not less than ``least``."""
        value = self._get(key)
        if type(value) is not int or not least <= value <= _LARGEST:
            self._refuse(key, value, f"a whole number from {least}")
        return value

    def switch(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self._refuse(key, value, "true or false")
        return value

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts; an empty one, where it may be missing and is."""
        if optional and key not in self.content:
            return ()
        items = {str(number): value for number, value in enumerate(self._list(key), 1)}
        return tuple(Table(items, f"{self.where}: {key}").text(number) for number in items)

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of tables; each is called by its name, or else by its number."""
        return tuple(
            Table.of(value, f"{key} {_name(value) or number}")
            for number, value in enumerate(self._list(key), 1)
        )

    def requires_python(self, key: str) -> str | None:
        """Versions of Python (PEP 440), or null for any."""
        if self._get(key) is None:
            return None
        value = self.text(key)
        try:
            SpecifierSet(value)
        except InvalidSpecifier:
            self._refuse(key, value, "versions of Python")
        return value

    def ensure_read(self) -> None:
        """See that it has no key that nobody asked for; raises ``Malformed``."""
        unknown = sorted(self.content.keys() - self.asked)
        if unknown:
            raise Malformed(f"{self.where} has the unknown key {_brief(unknown[0])}")

    def _list(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            self._refuse(key, value, "a list")
        return value

    def _get(self, key: str) -> Any:
        self.asked.add(key)
        if key not in self.content:
            raise Malformed(f"{self.where} has no {key}")
        return self.content[key]

    def _refuse(self, key: str, value: Any, wanted: str) -> NoReturn:
        raise Malformed(f"{self.where} has the {key} {_brief(value)}, not {wanted}")


def _name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and WHEEL.fullmatch(name) else ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise Malformed(f"the key {_brief(doubled)} is in a table twice")
    return table


def _refuse(constant: str) -> NoReturn:
    raise Malformed(f"{constant} is no number")


def _brief(value: Any) -> str:
    """A value in an error: short, and in one line."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    shown = ascii(value) if not isinstance(value, int) or value < _LARGEST else "a very large number"
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
