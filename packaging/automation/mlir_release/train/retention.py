"""Which snapshots may go: the rule alone; ``prune`` reads what it has to know, and does what it says.

A snapshot goes when it is more than 60 days old, unless it is one of the newest 60, a numbered release or a
branch pins the same commit of llvm-project, or the project says in its pyproject.toml that it is kept::

    [tool.mlir-release]
    keep = ["snapshot-20261123.01", "<40 digits of a commit of llvm-project>"]
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlir_release import tags
from mlir_release.errors import UserError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlir_release.tags import Snapshot

KEPT_DAYS = 60
KEPT_NEWEST = 60
KEEP_FILE = "pyproject.toml"

_COMMIT = re.compile(r"[0-9a-f]{40}")


class BadKeepList(UserError):
    """The list of what is kept cannot be read, or names what there is not."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}; mend it there, nothing was removed")


@dataclass(frozen=True, kw_only=True)
class Known:
    """A snapshot that there is, as a tag, as a release, or as both.

    ``pins`` is the commit of llvm-project that it was built from, None where nothing says it; ``published``
    whether it has a release that people see; ``draft`` whether it has one that they do not see (yet).
    """

    tag: Snapshot
    pins: str | None
    published: bool
    draft: bool = False


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of an old snapshot; ``stays`` says why, and is None for one that goes."""

    snapshot: Known
    stays: str | None


def fates(
    snapshots: Iterable[Known], *, today: dt.date, pinned: Mapping[str, str], keep: Sequence[str]
) -> tuple[Fate, ...]:
    """The fates of all snapshots that are over 60 days old, the oldest first.

    Taking away any of those that go changes nothing about the others: so what was stopped can be done again.

    Args:
        snapshots: all that there are.
        today: the day in UTC.
        pinned: commits of llvm-project that others rely on, and who: ``llvm-22.1.8.01``, ``branch main``.
        keep: the project's own list, as ``read_keep`` gives it.
    """
    everything = sorted(snapshots, key=lambda it: it.tag)
    # Of tags alone a train could have made sixty that were never built: people still have what is published.
    visible = [it for it in everything if it.published]
    newest = {it.tag for it in (*everything[-KEPT_NEWEST:], *visible[-KEPT_NEWEST:])}
    old = (it for it in everything if (today - it.tag.day).days > KEPT_DAYS)
    return tuple(Fate(snapshot=it, stays=_reason(it, newest, pinned, keep)) for it in old)


def read_keep(text: str | None, where: str) -> tuple[str, ...]:
    """The list of what is kept: tags, and commits of llvm-project.

    Args:
        text: the project's pyproject.toml; None if there is none.
        where: what that is called in errors.

    Raises:
        BadKeepList: it is not TOML, or says something else.
    """
    try:
        table: Any = tomllib.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise BadKeepList(where, f"not TOML ({error})") from None
    for key in ("tool", "mlir-release"):
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise BadKeepList(where, f"{key} is not a table")
    entries = table.get("keep", [])
    if not isinstance(entries, list):
        raise BadKeepList(where, f"keep is {entries!r}, not a list of tags and commits")
    return tuple(_entry(entry, where) for entry in entries)


def ensure_known(keep: Iterable[str], snapshots: Iterable[Known], others: Iterable[str], where: str) -> None:
    """Check that everything on the list is there: one with a slip in it would keep nothing.

    Args:
        keep: the list.
        snapshots: all that there are.
        others: the names of all other tags.
        where: what the list's file is called in errors.

    Raises:
        BadKeepList: there is no such tag, or no snapshot pins such a commit.
    """
    names = {*others, *(text for it in snapshots for text in (str(it.tag), it.pins))}
    for entry in keep:
        if entry not in names:
            what = f"no snapshot pins {entry}" if _COMMIT.fullmatch(entry) else f"there is no tag {entry}"
            raise BadKeepList(where, f"{what}, which keep names")


def table(found: Iterable[Fate]) -> Iterator[tuple[str, str]]:
    """Rows to print: the tag, and what becomes of it and why."""
    for fate in found:
        yield str(fate.snapshot.tag), f"stays: {fate.stays}" if fate.stays else "goes"


def _reason(
    snapshot: Known, newest: Iterable[Snapshot], pinned: Mapping[str, str], keep: Sequence[str]
) -> str | None:
    """Why a snapshot stays, however old it is; None if nothing says so."""
    if snapshot.tag in newest:
        return f"one of the newest {KEPT_NEWEST}"
    if snapshot.draft:
        return "its release is a draft, which is for people to decide on"
    if str(snapshot.tag) in keep or snapshot.pins in keep:
        return "on the keep list"
    if snapshot.pins is None:
        return "what it pins is not known"
    if snapshot.pins in pinned:
        return f"{pinned[snapshot.pins]} pins the same commit"
    return None


def _entry(entry: object, where: str) -> str:
    """One entry of the list, in its right form."""
    if isinstance(entry, str) and (_COMMIT.fullmatch(entry) or tags.known([entry])):
        return entry
    raise BadKeepList(
        where, f"keep has {entry!r}, which is no tag like snapshot-20261123.01 and no 40-digit commit"
    )
