"""What the page says, made from the releases: plain values, which the template puts in their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from mlir_release.publishing.manifest import NAME as MANIFEST
from mlir_release.publishing.manifest import SUMS
from mlir_release.publishing.page import commands
from mlir_release.publishing.page.availability import EVERY, Availability, availability
from mlir_release.tags import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlir_release.publishing.page.commands import Command
    from mlir_release.publishing.page.model import Release, Site

LLVM = "https://github.com/llvm/llvm-project"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A release in words and links.

    ``numbers`` and ``suffix`` together are its version; ``moment`` is date and time for machines (RFC 3339).
    """

    tag: str
    notes: str | None
    numbers: str
    suffix: str
    date: str
    time: str
    moment: str | None
    commit: str
    commit_url: str
    llvm_version: str
    patches: int
    wheels: int
    manifest: str
    checksums: str
    rehearsal: bool
    yanked: str | None


@dataclass(frozen=True, kw_only=True)
class Card:
    """A release to recommend: what installs the packages with a wheel per interpreter, and the others."""

    title: str
    row: Row
    first: tuple[Command, ...]
    others: tuple[Command, ...]


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that the page says."""

    site: Site
    rows: tuple[Row, ...]
    cards: tuple[Card, ...]
    snapshots: Availability


def content(releases: Iterable[Release], site: Site) -> Content:
    """What the page says about releases, which may come in any order."""
    by_version = sorted(releases, key=_version, reverse=True)
    good = [it for it in by_version if it.yanked is None]
    return Content(
        site=site,
        rows=tuple(map(_row, sorted(by_version, key=lambda it: it.age, reverse=True))),
        cards=tuple(_card(title, it, site) for title, it in _recommended(good)),
        snapshots=availability([it for it in good if isinstance(it.tag, Snapshot)]),
    )


def _version(release: Release) -> Version:
    """What releases are ordered by: their versions are in the order in which they are made (``tags``)."""
    return Version(release.manifest.version)


def _recommended(releases: Sequence[Release]) -> list[tuple[str, Release]]:
    """The newest release of each kind and what it is called; a candidate only if no numbered one is newer.

    Args:
        releases: the newest version first.
    """
    numbered = [it for it in releases if not isinstance(it.tag, Snapshot)]
    finals = [it for it in numbered if not _version(it).is_prerelease]
    snapshots = [it for it in releases if isinstance(it.tag, Snapshot)]
    found = [("Newest snapshot", it) for it in snapshots[:1]] + [("Newest release", it) for it in finals[:1]]
    return found + [("Newest release candidate", it) for it in numbered[:1] if it not in finals]


def _row(release: Release) -> Row:
    manifest, when = release.manifest, release.when
    numbers, dot, suffix = manifest.version.partition(".dev")
    return Row(
        tag=manifest.tag,
        notes=release.notes,
        numbers=numbers,
        suffix=dot + suffix,
        date=f"{when:%Y-%m-%d}" if when else "unknown",
        time=f"{when:%H:%M}" if when else "",
        moment=f"{when:%Y-%m-%dT%H:%MZ}" if when else None,
        commit=manifest.llvm_commit,
        commit_url=f"{LLVM}/commit/{manifest.llvm_commit}",
        llvm_version=manifest.llvm_version,
        patches=len(manifest.patches),
        wheels=len(manifest.files),
        manifest=release.file(MANIFEST),
        checksums=release.file(SUMS),
        rehearsal=manifest.rehearsal,
        yanked=release.yanked,
    )


def _card(title: str, release: Release, site: Site) -> Card:
    """What installs each package of a release.

    One with a wheel per interpreter is imported there, and may need others' packages; what is for any
    interpreter needs none but ours.
    """
    files = release.manifest.files
    imported = {it.distribution for it in files if it.python != EVERY}
    every = {it.distribution for it in files} - imported

    def made(names: set[str], *, foreign: bool) -> tuple[Command, ...]:
        version = release.manifest.version
        return tuple(
            it for name in sorted(names) for it in commands.of(site.index, name, version, foreign=foreign)
        )

    return Card(
        title=title,
        row=_row(release),
        first=made(imported, foreign=True),
        others=made(every, foreign=False),
    )
