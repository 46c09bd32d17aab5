"""``nox -s index``: the package index of all releases, as files for a static web server."""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import httpx

from mlir_release import log, tags
from mlir_release.errors import ReleaseError, UserError
from mlir_release.github import Client
from mlir_release.github.hosts import is_loopback, is_safe
from mlir_release.options import Parser, folder
from mlir_release.publishing import page
from mlir_release.publishing.index import collect, deployed, simple, yanked
from mlir_release.publishing.index import folder as folders
from mlir_release.publishing.index.model import Index
from mlir_release.store import Store
from mlir_release.tags import Numbered, Snapshot
from mlir_release.train.home import find_home
from mlir_release.train.project import Project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from mlir_release.publishing.index.collect import Collected

_PROJECT_FILE = "pyproject.toml"
# What can be put into a page and before a path as it is: no user, no query.
_URL = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?(/[\w.~%+-]*)*", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``index`` is told.

    ``output`` becomes the root of the index; ``source`` holds release sets, None to ask GitHub; the files of
    releases are below ``base_url``, as TAG/NAME, None for where GitHub has them; the index itself will be at
    ``url``, None for the repository's GitHub Pages, and with ``renew`` must still list what it lists there
    now; ``cache`` is the store's.
    """

    output: Path
    source: Path | None
    base_url: str | None
    url: str | None
    renew: bool
    cache: Path | None


class LeftOut(ReleaseError):
    """A release cannot be in the index, and must be; nobody's mistake in calling the session."""


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--output", type=folder, required=True, metavar="DIR")
    parser.add_argument("--from", dest="source", type=folder, metavar="DIR")
    parser.add_argument("--base-url", metavar="URL")
    parser.add_argument("--url", metavar="URL")
    parser.add_argument("--renew", action="store_true")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    options = Options(**vars(parser.parse_args(arguments)))
    for name, url in (("--base-url", options.base_url), ("--url", options.url)):
        if url is not None:
            _check_url(name, url)
    return options


def run(arguments: Sequence[str], root: Path) -> None:
    """Make the index of all releases.

    Args:
        arguments: the words after ``--``.
        root: the project's folder; its pyproject.toml says what is yanked.

    Raises:
        UserError: it cannot be made; what was there is as it was.
        LeftOut: it would lack a release that people have from it, or wait for; likewise.
    """
    options = parse(arguments)
    folders.check(options.output)
    withdrawn = yanked.read(root / _PROJECT_FILE)
    home = find_home(root)
    base_url = options.base_url or f"{_on_github(home)}/releases/download"
    store = Store.open(options.cache)
    with log.stage("releases"):
        collected = _collect(options, root, store)
    _ensure_known(withdrawn, collected, root)
    index = _index(collected, withdrawn, base_url.rstrip("/"))
    site = _site(home, options.url)
    _ensure_listed(collected, _listed(site, index) if options.renew else ())
    with log.stage("index"):
        files = chain(simple.files(index), page.files(_shown(index, home), site))
        size = folders.write(options.output, files, store)
    _report(options.output, index, collected, size)


def _collect(options: Options, root: Path, store: Store) -> Collected:
    if options.source:
        found = collect.from_folder(options.source)
    else:
        found = collect.from_github(Client.for_repository(find_home(root)), store)
    for line in found.left_out:
        log.say(f"   WARNING: left out: {line}")
    if not found.releases:
        raise UserError("no release is left that can be in an index; see above what is wrong with each")
    return found


def _ensure_known(withdrawn: Mapping[str, str], collected: Collected, root: Path) -> None:
    """See that what is yanked is there, or was: a name that only the project's history knows is said."""
    gone = sorted(withdrawn.keys() - set(collected.tags))
    known = (*collected.tags, *(_history(root) if gone else ()))
    yanked.ensure_known(withdrawn, known, root / _PROJECT_FILE)
    for tag in gone:
        log.say(f"   WARNING: {tag} is gone, and {_PROJECT_FILE} still says that it is yanked")


def _history(root: Path) -> Iterator[str]:
    """The tags that there ever were, as far as the project's folder is a checkout."""
    if (root / ".git").exists():
        project = Project.open(root)
        yield from map(str, project.used(project.state()))


def _listed(site: page.Site, index: Index) -> Collection[str]:
    """The releases that the deployed index has."""
    with log.stage(f"what {site.index} lists"):
        return deployed.listed(site.index, [project.name for project in index.projects])


def _ensure_listed(collected: Collected, listed: Collection[str]) -> None:
    """See that nothing is left out that people have from the index, nor what is the newest of its kind."""
    there = tags.known(collected.tags)
    snapshots = [it for it in there if isinstance(it, Snapshot)]
    numbered = [it for it in there if isinstance(it, Numbered)]
    newest = [str(it) for it in (max(snapshots, default=None), max(numbered, default=None)) if it]
    left_out = set(collected.tags) - {it.manifest.tag for it in collected.releases}
    lost = sorted(left_out & {*newest, *listed})
    if lost:
        raise LeftOut(
            f"{', '.join(lost)} would be left out of the index, and is in the one that people use or is the"
            " newest; see above what is wrong with it, and mend or delete that release; nothing was written"
        )


def _index(collected: Collected, withdrawn: dict[str, str], base_url: str) -> Index:
    rehearsals = [it.manifest.tag for it in collected.releases if it.manifest.rehearsal]
    if rehearsals and not is_loopback(httpx.URL(base_url).host):
        raise UserError(
            f"{', '.join(rehearsals)} is a rehearsal, and {base_url} is not on this machine; name a"
            " --base-url that is, or take it away"
        )
    releases = (dataclasses.replace(it, yanked=withdrawn.get(it.manifest.tag)) for it in collected.releases)
    return Index(tuple(releases), base_url)


def _shown(index: Index, home: str) -> Iterator[page.Release]:
    """The releases as the page for people shows them."""
    for release in index.releases:
        tag = release.manifest.tag
        yield page.Release(
            manifest=release.manifest,
            published=release.published,
            notes=f"{_on_github(home)}/releases/tag/{tag}",
            files=f"{index.base_url}/{tag}/",
            yanked=release.yanked,
        )


def _site(home: str, url: str | None) -> page.Site:
    """Where the index and the project are."""
    if url is None:
        return page.Site.of(home)
    return page.Site(index=f"{url.rstrip('/')}/simple/", project=_on_github(home))


def _report(place: Path, index: Index, collected: Collected, size: int) -> None:
    newest = index.by_age[-1].manifest
    rows = [
        ("releases", f"{len(index.releases)}, {sum(it.yanked is not None for it in index.releases)} yanked"),
        ("left out", str(len(collected.left_out))),
        ("highest version", f"{newest.version} ({newest.tag})"),
        ("files", str(sum(len(project.entries) for project in index.projects))),
        ("size", f"{size / 1e6:.1f} MB"),
        ("in", str(place)),
    ]
    log.summary("package index", rows)


def _on_github(home: str) -> str:
    """The URL of a repository."""
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    return f"{server}/{home}"


def _check_url(name: str, text: str) -> None:
    """Check that installers can be sent to a URL."""
    try:
        right = _URL.fullmatch(text) and is_safe(httpx.URL(text))
    except httpx.InvalidURL:
        right = False
    if not right:
        raise UserError(f"{name} {text!r} is not like https://HOST/PATH, without user or query")
