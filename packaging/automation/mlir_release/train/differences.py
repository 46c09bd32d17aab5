"""What differs between the facts of two trees, and the lines that say it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.source.facts import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlir_release.source.facts import Facts

# Names that a line lists; main and a line of last year differ in hundreds.
_LISTED = 24
_WIDTH = 108


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What is different of one kind: names that are new, or gone; changed ones with both values."""

    kind: Kind
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


def differences(before: Facts, after: Facts) -> list[Difference]:
    """All differences of those kinds that both sides say something about, in the order of ``Kind``.

    What an installation has not may still be upstream: a name is new or gone only if the other side is
    complete, or both are installations.
    """
    alike = before.complete == after.complete
    found = [
        Difference(
            kind=kind,
            new=_names(kind, after, before) if before.complete or alike else (),
            gone=_names(kind, before, after) if after.complete or alike else (),
            changed=tuple(_changed(kind, before, after)),
        )
        for kind in Kind
        if kind in before.found and kind in after.found
    ]
    return [it for it in found if it.new or it.gone or it.changed]


def not_compared(before: Facts, after: Facts) -> list[Kind]:
    """The kinds that only one side says something about."""
    return [kind for kind in Kind if (kind in before.found) != (kind in after.found)]


def lines(difference: Difference) -> Iterator[str]:
    """What a difference is, for people."""
    kind = difference.kind
    for name, old, new in difference.changed:
        subject = kind if kind is Kind.PYTHON else f"{kind}, {name}"
        yield f"{subject}: {_becomes(old, new)}"
    for word, names in (("new", difference.new), ("gone", difference.gone)):
        if names:
            yield from listed(f"{kind}, {word}", names)


def listed(title: str, names: Sequence[str]) -> list[str]:
    """Names behind a title, in as many lines as it takes, the first of them at most."""
    more = [f"and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
    text = ", ".join([*names[:_LISTED], *more])
    return textwrap.wrap(
        f"{title}: {text}", _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _becomes(old: str, new: str) -> str:
    """A change of a value; of a list of CMake's, only what it gets and loses."""
    if ";" not in old + new:
        return f"{old} becomes {new}"
    olds, news = old.split(";"), new.split(";")
    gets, loses = [it for it in news if it not in olds], [it for it in olds if it not in news]
    changes = [f"{word} {', '.join(names)}" for word, names in (("gets", gets), ("loses", loses)) if names]
    return ", ".join(changes) or "has another order"


def _names(kind: Kind, here: Facts, there: Facts) -> tuple[str, ...]:
    found = here.found[kind]
    names = sorted(found.keys() - there.found[kind].keys(), key=lambda name: (name.lower(), name))
    # Where a form of upstream's is, whoever has to learn it wants to know.
    return tuple(f"{name} ({found[name]})" if kind is Kind.COMMANDS else name for name in names)


def _changed(kind: Kind, before: Facts, after: Facts) -> Iterator[tuple[str, str, str]]:
    """Names of which both sides say something, but not the same; where a form is used does not count."""
    if kind is Kind.COMMANDS:
        return
    for name, old in sorted(before.found[kind].items()):
        new = after.found[kind].get(name)
        if old and new and new != old:
            yield name, old, new
