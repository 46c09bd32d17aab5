"""Tags of releases, and the versions (PEP 440) that belong to them, both ways.

================================  ===========================  ==========================
tag                               LLVM version of its pin      version of its wheels
================================  ===========================  ==========================
``snapshot-20261123.01``          ``24.0.0git``                ``24.0.0.dev2026112301``
``llvm-23.1.0rc1.01``             ``23.1.0rc1``                ``23.1.0rc1``
``llvm-22.1.8.01``                ``22.1.8``                   ``22.1.8``
``llvm-22.1.8.02``, a rebuild     ``22.1.8``                   ``22.1.8.post1``
================================  ===========================  ==========================

The order of versions is that in which releases are made.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from mlir_release import versions
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Two digits: a hundredth tag would sort before the second.
LAST_NUMBER = 99

_NUMBER = r"(?!00)\d\d"
_SNAPSHOT = re.compile(rf"snapshot-(\d{{8}})\.({_NUMBER})", re.ASCII)
_PART = r"(?:0|[1-9]\d{0,5})"
_LLVM = rf"{_PART}\.{_PART}\.{_PART}(?:rc[1-9]\d{{0,2}})?"
_NUMBERED = re.compile(rf"llvm-({_LLVM})\.({_NUMBER})", re.ASCII)
# From version to tag: what stands before, and the day and number, or the number less one.
_DEVELOPMENT = re.compile(rf"{_PART}\.{_PART}\.{_PART}\.dev(\d{{8}})({_NUMBER})", re.ASCII)
_FINAL = re.compile(rf"({_LLVM})(?:\.post([1-9]\d?))?", re.ASCII)


class BadTag(UserError):
    """Text that is no tag of this project's, or a version that none belongs to."""


@dataclass(frozen=True, order=True)
class Snapshot:
    """An automatic release: the day (UTC) and its number on that day, from 1. They sort by age."""

    day: dt.date
    number: int

    def __str__(self) -> str:
        return f"snapshot-{self._digits}.{self.number:02}"

    def version(self, llvm_version: str) -> str:
        """The version of its wheels, from the LLVM version that the pinned source says (``24.0.0git``)."""
        return f"{versions.release(llvm_version)}.dev{self._digits}{self.number:02}"

    @property
    def _digits(self) -> str:
        return self.day.isoformat().replace("-", "")


@dataclass(frozen=True)
class Numbered:
    """A release that was asked for: its LLVM version (``22.1.8``, ``23.1.0rc1``), 1 or a rebuild's number."""

    llvm_version: str
    number: int

    def __str__(self) -> str:
        return f"llvm-{self.llvm_version}.{self.number:02}"

    def __lt__(self, other: Numbered) -> bool:
        return Version(self.version()) < Version(other.version())

    def version(self) -> str:
        """The version of its wheels."""
        return self.llvm_version if self.number == 1 else f"{self.llvm_version}.post{self.number - 1}"


Tag = Snapshot | Numbered


def parse(text: str) -> Tag:
    """The tag that is written so.

    Raises:
        BadTag: it is none of this project's.
    """
    if found := _SNAPSHOT.fullmatch(text):
        return Snapshot(_day(text, found[1]), int(found[2]))
    if found := _NUMBERED.fullmatch(text):
        return Numbered(found[1], int(found[2]))
    raise BadTag(f"{text!r} is not a tag like snapshot-20261123.01, llvm-22.1.8.01 or llvm-23.1.0rc1.01")


def known(names: Iterable[str]) -> tuple[Tag, ...]:
    """Those of a repository's tags that are releases of this project, in the given order."""
    found = []
    for name in names:
        try:
            found.append(parse(name))
        except BadTag:
            continue
    return tuple(found)


def of_version(version: str) -> Tag:
    """The tag to which wheels of a version belong.

    Raises:
        BadTag: it is not a version in the form that releases carry.
    """
    if found := _DEVELOPMENT.fullmatch(version):
        return Snapshot(_day(version, found[1]), int(found[2]))
    if found := _FINAL.fullmatch(version):
        number = int(found[2] or 0) + 1
        if number <= LAST_NUMBER:
            return Numbered(found[1], number)
    raise BadTag(f"{version!r} is not a version like 24.0.0.dev2026112301, 22.1.8 or 22.1.8.post1")


def next_snapshot(used: Iterable[Snapshot], now: dt.datetime) -> Snapshot:
    """The next tag of the UTC day.

    It comes after every used one: should the clock have gone back, the day of the newest counts on.

    Raises:
        UserError: that day has no number left.
    """
    newest = max(used, default=None)
    today = now.astimezone(dt.UTC).date()
    if newest is None or newest.day < today:
        return Snapshot(today, 1)
    if newest.number == LAST_NUMBER:
        raise UserError(f"{newest} is the last tag of its day; the next one can be taken a day later (UTC)")
    return Snapshot(newest.day, newest.number + 1)


def next_numbered(llvm_version: str, used: Iterable[Numbered]) -> Numbered:
    """The next tag of a numbered release: the first, or that of a rebuild.

    Raises:
        UserError: the version has no number left.
    """
    taken = max((tag.number for tag in used if tag.llvm_version == llvm_version), default=0)
    if taken == LAST_NUMBER:
        raise UserError(f"{Numbered(llvm_version, taken)} is the last tag that {llvm_version} can have")
    return Numbered(llvm_version, taken + 1)


def _day(text: str, digits: str) -> dt.date:
    try:
        return dt.date.fromisoformat(digits)
    except ValueError:
        raise BadTag(f"{text!r}: {digits} is not a day of the calendar") from None
