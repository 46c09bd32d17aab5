"""Asks the real sessions whether they understand words for nox, and lets none of them begin.

Reads a JSON list of lists of words from stdin; the last line of stdout is a JSON list with what is wrong with
each, or null.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import nox.registry

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


class Understood(BaseException):
    """A parser has read all of its words; no session catches this."""


class Refused(BaseException):
    """A session has ended with an error, before it did anything."""


def load() -> Any:
    """The noxfile, and with it the sessions, whose parsers end them once they have understood."""
    sys.argv = ["nox"]
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    noxfile = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(noxfile)
    from mlir_release import options  # the noxfile has put it on the path

    parse = options.Parser.parse_args

    def parse_only(self: Any, *arguments: Any) -> NoReturn:
        parse(self, *arguments)
        raise Understood

    options.Parser.parse_args = parse_only  # type: ignore[method-assign, assignment]
    return noxfile


def refuse(text: str) -> NoReturn:
    raise Refused(text)


def of_pytest(name: str, words: Sequence[str]) -> str | None:
    """Those that hand their words on to pytest take none in workflows, but for the release set."""
    told = sorted(word for word in words if word.startswith("-"))
    known = ["--set"] if name == "rehearse" else []
    return None if told == known else f"{name} takes {known or 'nothing'}, not {told or 'nothing'}"


def complaint(words: Sequence[str]) -> str | None:
    """What is wrong with the words of one call of nox."""
    option, *rest = words
    at = rest.index("--") if "--" in rest else len(rest)
    names, said = rest[:at], rest[at + 1 :]
    if option != "-s" or not names:
        return "it does not begin with -s and names of sessions"
    for name in names:
        session = nox.registry.get().get(name)
        if session is None:
            return f"there is no session {name}"
        wrong = of_pytest(name, said) if session.venv_backend != "none" else answer(session, name, said)
        if wrong:
            return wrong
    return None


def answer(session: Any, name: str, said: Sequence[str]) -> str | None:
    """What a session says to its words."""
    try:
        session.func(SimpleNamespace(name=name, posargs=list(said), error=refuse))
    except Understood:
        return None
    except Refused as refused:
        return str(refused)
    return f"{name} reads no options"


def main() -> None:
    noxfile = load()
    calls = json.load(sys.stdin)
    found = [complaint(words) for words in calls]
    # They were ours, not the user's.
    noxfile.mistakes.clear()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
