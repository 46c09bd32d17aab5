"""Which snapshots may go: the rule alone; ``prune`` reads what it has to know, and does what it says.

Whoever pins a snapshot must find it again. So one goes only when it is more than 60 days old, and is neither
the first of its week (for a year) or month (for ever) nor one of the newest 60, no numbered release or branch
pins the same commit of llvm-project, and the project's pyproject.toml does not name it, as kept or yanked::

    [tool.mlir-release]
    keep = ["snapshot-20261123.01", "<40 digits of a commit of llvm-project>"]
    yanked = { "snapshot-20261101.01" = "crashes" }
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
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mlir_release.tags import Snapshot

KEPT_DAYS = 60
KEPT_NEWEST = 60
KEPT_WEEKLY_DAYS = 365
KEEP_FILE = "pyproject.toml"

_COMMIT = re.compile(r"[0-9a-f]{40}")


class BadKeepList(UserError):
    """The list of what is kept cannot be read, or names what there never was."""

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
    snapshots: Iterable[Known],
    *,
    today: dt.date,
    pinned: Mapping[str, str],
    keep: Collection[str],
    yanked: Collection[str],
) -> tuple[Fate, ...]:
    """The fates of all snapshots that are over 60 days old, the oldest first.

    Taking away any of those that go changes nothing about the others: so what was stopped can be done again.

    Args:
        snapshots: all that there are.
        today: the day in UTC.
        pinned: commits of llvm-project that others rely on, and who: ``llvm-22.1.8.01``, ``branch main``.
        keep: the project's own list, as ``read_keep`` gives it.
        yanked: the tags that installers pass over, unless they are asked for exactly these.
    """
    everything = sorted(snapshots, key=lambda it: it.tag)
    # Of tags alone a train could have made sixty that were never built: people still have what is published.
    visible = [it for it in everything if it.published]
    stays = dict.fromkeys(yanked, "it is yanked, and who pins it must find it")
    stays |= _first_of_each(visible, yanked, today)
    for it in (*everything[-KEPT_NEWEST:], *visible[-KEPT_NEWEST:]):
        stays[str(it.tag)] = f"one of the newest {KEPT_NEWEST}"
    old = (it for it in everything if (today - it.tag.day).days > KEPT_DAYS)
    return tuple(Fate(snapshot=it, stays=_reason(it, stays, pinned, keep)) for it in old)


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


def ensure_known(gone: Iterable[str], history: Iterable[str], where: str) -> None:
    """Check that what the lists name and is not there was there once: one with a slip would keep nothing.

    Args:
        gone: the tags and commits.
        history: all tags that there ever were.
        where: what the lists' file is called in errors.

    Raises:
        BadKeepList: there never was such a tag, or no snapshot pins such a commit.
    """
    names = set(history)
    for entry in gone:
        if entry not in names:
            what = f"no snapshot pins {entry}" if _COMMIT.fullmatch(entry) else f"there is no tag {entry}"
            raise BadKeepList(where, f"{what}, which keep or yanked names")


def table(found: Iterable[Fate]) -> Iterator[tuple[str, str]]:
    """Rows to print: the tag, and what becomes of it and why."""
    for fate in found:
        yield str(fate.snapshot.tag), f"stays: {fate.stays}" if fate.stays else "goes"


def _first_of_each(visible: Iterable[Known], yanked: Collection[str], today: dt.date) -> dict[str, str]:
    """The first snapshot of each month, and of each week (ISO 8601) of the last year; and why they stay."""
    months: dict[tuple[int, int], str] = {}
    weeks: dict[tuple[int, int], Snapshot] = {}
    for tag in (it.tag for it in visible if str(it.tag) not in yanked):
        months.setdefault((tag.day.year, tag.day.month), str(tag))
        year, week, _ = tag.day.isocalendar()
        weeks.setdefault((year, week), tag)
    recent = (str(it) for it in weeks.values() if (today - it.day).days <= KEPT_WEEKLY_DAYS)
    found = dict.fromkeys(recent, "the first of its week")
    return found | dict.fromkeys(months.values(), "the first of its month")


def _reason(
    snapshot: Known, stays: Mapping[str, str], pinned: Mapping[str, str], keep: Collection[str]
) -> str | None:
    """Why a snapshot stays, however old it is; None if nothing says so."""
    if str(snapshot.tag) in stays:
        return stays[str(snapshot.tag)]
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
