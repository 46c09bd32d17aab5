"""The tests that are known to fail, and why: ``tests/expected-failures.toml``.

Each entry says for which LLVM versions, interpreters and SDK providers it
holds. A listed test that passes fails the session, and so does one that is
not there any more: the file shrinks as the world gets better.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from mlir_release.errors import UserError
from mlir_release.sdk import ProviderName
from mlir_release.versions import release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# How lit's names of the tests in mlir/test/python begin.
_BINDING_TESTS = "MLIR :: python/"
_KEYS = frozenset({"tests", "llvm", "python", "free-threaded", "sdk", "reason", "link"})


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a test run is about: LLVM version, Python version (None: tools only) and build, SDK provider."""

    llvm: str
    python: str | None
    sdk: str
    free_threaded: bool = False


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Some tests that fail for one reason.

    ``tests`` are lit's names, ``SUITE :: PATH``; ``llvm`` and ``python`` are
    version specifiers (PEP 440), ``sdk`` the providers; empty means any, as None does
    for whether the interpreter is free-threaded.
    """

    tests: tuple[str, ...]
    reason: str
    link: str
    llvm: SpecifierSet
    python: SpecifierSet
    free_threaded: bool | None
    sdk: tuple[str, ...]

    def holds(self, now: Circumstances) -> bool:
        """Whether the tests are expected to fail in these circumstances."""
        if self.python and not now.python:
            return False
        return (
            self.llvm.contains(release(now.llvm))
            and (now.python is None or self.python.contains(now.python, prereleases=True))
            and self.free_threaded in (None, now.free_threaded)
            and (not self.sdk or now.sdk in self.sdk)
        )


def load(path: Path) -> tuple[Expectation, ...]:
    """Read the file.

    Raises:
        UserError: it cannot be read, or an entry is not of the form that its comment describes.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(
            f"{path}: {error}; see the comment at the top of that file in the repository"
        ) from None
    entries = table.pop("expected", [])
    if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UserError(f"{path} holds something else than [[expected]] entries; see the comment at its top")
    return tuple(_expectation(path, entry) for entry in entries)


def _expectation(path: Path, entry: Mapping[str, Any]) -> Expectation:
    wrong = sorted(entry.keys() - _KEYS) or sorted({"tests", "reason", "link"} - entry.keys())
    if wrong:
        raise UserError(f"{path}: an entry has no or an unknown key {wrong[0]!r}; correct it")
    return Expectation(
        tests=_texts(path, entry, "tests"),
        reason=_text(path, entry, "reason"),
        link=_text(path, entry, "link"),
        llvm=_specifier(path, entry, "llvm"),
        python=_specifier(path, entry, "python"),
        free_threaded=_truth(path, entry, "free-threaded"),
        sdk=_providers(path, entry),
    )


def _texts(path: Path, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = entry[key]
    if not isinstance(value, list) or not value or not all(isinstance(text, str) for text in value):
        raise UserError(f"{path}: {key} is {value!r}, not a list of texts; correct it")
    return tuple(value)


def _text(path: Path, entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{path}: {key} is {value!r}, not a text; correct it")
    return value


def _specifier(path: Path, entry: Mapping[str, Any], key: str) -> SpecifierSet:
    value = entry.get(key, "")
    try:
        return SpecifierSet(value)
    except (InvalidSpecifier, TypeError, AttributeError):
        raise UserError(
            f"{path}: {key} is {value!r}, not a version specifier such as '==22.*'; correct it"
        ) from None


def _truth(path: Path, entry: Mapping[str, Any], key: str) -> bool | None:
    value = entry.get(key)
    if not isinstance(value, bool | None):
        raise UserError(f"{path}: {key} is {value!r}, not true or false; correct it")
    return value


def _providers(path: Path, entry: Mapping[str, Any]) -> tuple[str, ...]:
    providers = _texts(path, entry, "sdk") if "sdk" in entry else ()
    for name in providers:
        if name not in list(ProviderName):
            raise UserError(f"{path}: sdk has {name!r}, not one of {', '.join(ProviderName)}; correct it")
    return providers


def expected(path: Path, now: Circumstances) -> dict[str, str]:
    """The tests that are expected to fail now, with the reason.

    Tests of the bindings count where there is an interpreter, all others where there is none.
    """
    return {
        test: entry.reason
        for entry in load(path)
        if entry.holds(now)
        for test in entry.tests
        if test.startswith(_BINDING_TESTS) == (now.python is not None)
    }
