"""``nox -s pin``: what is pinned, how old it is, as which release, and what came with it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, versions
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.git import Remote, Repository
from mlir_release.options import Parser, folder
from mlir_release.source.tree import REMOTE
from mlir_release.store import Store
from mlir_release.train import released
from mlir_release.train.history import History
from mlir_release.train.markdown import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlir_release.pin import Pin
    from mlir_release.train.released import Release
    from mlir_release.train.upstream import Commit

_PART = "mlir"
_LISTED = 50


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``pin`` is told: a checkout of llvm-project that has the history, and the cache folder."""

    llvm_project: Path | None
    cache: Path | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the project stands: its releases at HEAD, and the one before those; ``why`` there are none."""

    here: tuple[Release, ...] = ()
    before: Release | None = None
    why: str = "HEAD has no tag of a release"


def parse_pin(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--llvm-project", type=folder, metavar="DIR")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    return Options(**vars(parser.parse_args(arguments)))


def run_pin(arguments: Sequence[str], root: Path, url: str = REMOTE) -> None:
    """Print what is pinned.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        url: llvm-project, for the date of a commit that is not at hand.

    Raises:
        UserError: the pin cannot be read, or the checkout is none.
    """
    options = parse_pin(arguments)
    pin = pins.read(root / pins.FILE_NAME)
    history = History.open(Store.open(options.cache), options.llvm_project, url)
    place = locate(root, pin)
    committed = history.committed(pin.commit)
    rows = [
        ("commit", pin.commit),
        ("LLVM", pin.version or "not said by the pin"),
        ("ref", pin.ref or "not said by the pin"),
        ("committed", age(committed, dt.datetime.now(dt.UTC)) if committed else "not known here"),
        *_releases(root, place, pin),
    ]
    log.summary("pin", rows)
    for line in _changes(root, place, pin, history):
        log.say(line)


def locate(root: Path, pin: Pin) -> Place:
    """Where the project stands.

    Args:
        root: the project's folder.
        pin: what its file says now; a release at HEAD that pins something else is not what is here.

    Raises:
        BadPin: a release at HEAD has none.
    """
    try:
        repository = Repository.open(root)
    except UserError:
        return Place(why="this is not a git checkout")
    head = repository.attempt("rev-parse", "--verify", "--quiet", "HEAD")
    if head.status:
        return Place(why="there is no commit yet")
    commit = head.output.strip()
    known = released.releases(Remote(repository=repository, name="."))
    here = tuple(release for release in known.values() if release.commit == commit)
    if not here:
        return Place(before=released.nearest(repository, commit, known.values()))
    if released.pin_at(repository, commit) != pin:
        return Place(before=here[0], why=f"{pins.FILE_NAME} was changed since {here[0].tag}")
    earlier = released.previous(here[0].tag, known)
    return Place(here=here, before=known[earlier] if earlier else None)


def age(committed: dt.datetime, now: dt.datetime) -> str:
    """A date and how long ago it was: ``2026-11-22 (1 day ago)``."""
    days = (now - committed).days
    ago = "after this machine's clock" if days < 0 else f"{days} day{'' if days == 1 else 's'} ago"
    return f"{committed:%Y-%m-%d %H:%M} UTC ({ago})"


def _releases(root: Path, place: Place, pin: Pin) -> Iterator[tuple[str, str]]:
    """The rows about the release that this is, or the untagged build that it gives."""
    for release in place.here:
        said = released.version(Repository.open(root), release, pin)
        yield "release", f"{release.tag}, version {said}"
    if not place.here:
        untagged = (
            versions.untagged(pin.version, pin.commit) if pin.version else "not known before the source"
        )
        yield "release", f"none: {place.why}"
        yield "version", f"{untagged}, of an untagged build"


def _changes(root: Path, place: Place, pin: Pin, history: History) -> Iterator[str]:
    """What changed upstream since the release before."""
    if place.before is None:
        yield "   no earlier release is known here, to say what has changed since"
        return
    old = released.pin_at(Repository.open(root), place.before.commit).commit
    since = f"{_PART}/ since {place.before.tag} ({old[:9]})"
    commits = () if old == pin.commit else history.log(old, pin.commit, (_PART,))
    if commits is None:
        yield f"   {since}: not known here; give a checkout that has the history with --llvm-project DIR"
        return
    yield f"== {since}: {len(commits)} commit{'' if len(commits) == 1 else 's'}"
    yield from _listed(commits)


def _listed(commits: Sequence[Commit]) -> Iterator[str]:
    for commit in commits[:_LISTED]:
        yield f"   {commit.sha[:9]} {commit.committed:%Y-%m-%d} {printable(commit.subject)}"
    if len(commits) > _LISTED:
        yield f"   and {len(commits) - _LISTED} more"
