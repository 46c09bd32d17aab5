"""The newest wheels for each system and interpreter: a table of links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.publishing.manifest import File
    from mlir_release.publishing.page.model import Release

_SYSTEMS = {"linux": "Linux", "macos": "macOS", "musllinux": "Linux (musl)", "windows": "Windows"}
# The tag of wheels that are for every interpreter, and the heading of their column.
EVERY = "py3"
_EVERY_HEADING = "For any Python"


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel: its name here and in full, its URL, its MB; its date if it is not of the newest release."""

    text: str
    label: str
    url: str
    megabytes: str
    older: str | None


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A system, and its wheels in each column."""

    name: str
    cells: tuple[tuple[Wheel, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Availability:
    """What there is for whom: the headings of the columns, and a row for each system."""

    columns: tuple[str, ...]
    platforms: tuple[Platform, ...]


@dataclass(frozen=True, kw_only=True)
class _Found:
    file: File
    release: Release
    newest: bool

    @property
    def column(self) -> str:
        every = self.file.python == EVERY
        return _EVERY_HEADING if every else f"{self.file.distribution} for Python"

    @property
    def order(self) -> tuple[int, int, str]:
        """By the age of the interpreter: 3.9 comes before 3.10, and 3.13 before 3.13t."""
        python = self.file.python
        digits = "".join(sign for sign in python if sign.isdigit())
        return int(digits[0]), int(digits[1:] or 0), python + self.file.distribution


def availability(releases: Sequence[Release]) -> Availability:
    """The newest wheel of each distribution for each system and interpreter.

    Args:
        releases: the newest first.
    """
    newest: dict[tuple[str, str, str], _Found] = {}
    for release in releases:
        for file in release.manifest.files:
            key = (file.target, file.distribution, file.python)
            newest.setdefault(key, _Found(file=file, release=release, newest=release is releases[0]))
    found = sorted(newest.values(), key=lambda it: it.order)
    # Those for any interpreter come last.
    columns = sorted({it.column for it in found}, key=lambda it: (it == _EVERY_HEADING, it))
    platforms = (
        Platform(
            name=_name(target),
            cells=tuple(
                tuple(_wheel(it) for it in found if (it.file.target, it.column) == (target, column))
                for column in columns
            ),
        )
        for target in sorted({it.file.target for it in found})
    )
    return Availability(columns=tuple(columns), platforms=tuple(platforms))


def _wheel(found: _Found) -> Wheel:
    file, release = found.file, found.release
    python = f"{file.python[2]}.{file.python[3:]}"
    every = file.python == EVERY
    interpreter = "" if every else f" for Python {python}"
    return Wheel(
        text=file.distribution if every else python,
        label=f"{file.distribution}{interpreter} on {_name(file.target)}, from {release.manifest.tag}",
        url=release.file(file.name),
        megabytes=f"{file.size / 1e6:.1f}",
        older=None if found.newest else f"{release.age}",
    )


def _name(target: str) -> str:
    """A target as people write it: ``Linux x86_64``."""
    system, _, machine = target.partition("-")
    return f"{_SYSTEMS.get(system, system)} {machine}"
