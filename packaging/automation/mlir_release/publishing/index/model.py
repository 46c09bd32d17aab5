"""What an index says: the files of all releases, by project."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.version import Version

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from mlir_release.publishing.manifest import File, Manifest


@dataclass(frozen=True, kw_only=True)
class Released:
    """A release that people can see.

    ``published`` is since when (None where nothing says it), ``yanked`` why installers are to pass over it
    unless they are asked for exactly this version (PEP 592; None where they are not to).
    """

    manifest: Manifest
    published: dt.datetime | None
    yanked: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file, the release that it is of, and its whole URL."""

    file: File
    release: Released
    url: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """All files of a distribution, the oldest version first; ``name`` is the normalized one (PEP 503)."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def versions(self) -> tuple[str, ...]:
        """Its versions, each once, the oldest first."""
        return tuple(dict.fromkeys(entry.file.version for entry in self.entries))


@dataclass(frozen=True)
class Index:
    """Releases, and the URL below which their files are, as TAG/NAME."""

    releases: tuple[Released, ...]
    base_url: str

    @cached_property
    def projects(self) -> tuple[Project, ...]:
        """By name; in whatever order the releases were given."""
        by_name: dict[str, list[Entry]] = defaultdict(list)
        for release in self.by_age:
            for entry in self.entries(release):
                by_name[entry.file.distribution].append(entry)
        return tuple(Project(name=name, entries=tuple(by_name[name])) for name in sorted(by_name))

    @property
    def by_age(self) -> tuple[Released, ...]:
        """The releases, the lowest version first: that is the order in which they were made."""
        return tuple(sorted(self.releases, key=lambda it: Version(it.manifest.version)))

    def entries(self, release: Released) -> Iterator[Entry]:
        """The files of a release, by name."""
        for file in release.manifest.files:
            url = f"{self.base_url}/{quote(release.manifest.tag)}/{quote(file.name)}"
            yield Entry(file=file, release=release, url=url)
