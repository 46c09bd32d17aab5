"""``nox -s notes``: what the release notes of a tag say, gathered from git, upstream and a wheelhouse."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from mlir_release import distributions, log, tags
from mlir_release.distributions import MadePer
from mlir_release.errors import UserError
from mlir_release.git import OutOfReach, Remote, Repository
from mlir_release.options import Parser, folder
from mlir_release.source.patches import load_all, select
from mlir_release.source.tree import REMOTE
from mlir_release.store import Store, file_sha256, write_atomically
from mlir_release.tags import Numbered
from mlir_release.train import released
from mlir_release.train.history import History
from mlir_release.train.home import find_home
from mlir_release.train.notes import Changes, ReleaseFacts, ReleaseFile, notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlir_release.distributions import Distribution
    from mlir_release.pin import Pin
    from mlir_release.source.patches import Patch
    from mlir_release.tags import Tag
    from mlir_release.train.released import Release

# Where upstream has MLIR's Python bindings and their tests.
BINDINGS = ("mlir/lib/Bindings/Python", "mlir/python", "mlir/include/mlir/Bindings", "mlir/test/python")
_ORIGIN = "origin"
_FILE = re.compile(r"[\w.+!-]+(?:\.whl|\.tar\.gz)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``notes`` is told: a tag; where its files are; where the notes go, if not to stdout; the cache."""

    tag: str
    wheelhouse: Path | None
    output: Path | None
    cache: Path | None


def parse_notes(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("tag", metavar="TAG")
    parser.add_argument("--wheelhouse", type=folder, metavar="DIR")
    parser.add_argument("--output", type=folder, metavar="FILE")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.output and not options.output.parent.is_dir():
        raise UserError(f"{options.output.parent} is not a folder; make it, or name another --output")
    return options


def run_notes(arguments: Sequence[str], root: Path, url: str = REMOTE) -> None:
    """Write the release notes of a tag: to stdout, and then everything else to stderr, or to a file.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        url: llvm-project, for what is not at hand of its history.

    Raises:
        UserError: there is no such tag, or what belongs to it cannot be read.
    """
    options = parse_notes(arguments)
    with redirect_stdout(sys.stdout if options.output else sys.stderr):
        history = History.open(Store.open(options.cache), url=url)
        facts = gather(options.tag, root, history=history, wheelhouse=options.wheelhouse)
    if options.output is None:
        log.say(notes(facts).rstrip("\n"))
        return
    write_atomically(options.output, notes(facts))
    log.summary("release notes", [("tag", str(facts.tag)), ("in", str(options.output))])


def gather(tag: str, root: Path, *, history: History, wheelhouse: Path | None) -> ReleaseFacts:
    """The facts about a release.

    Args:
        tag: its name. It counts as the remote ``origin`` has it, or else as it is here.
        root: the project's folder, a git checkout; neither its files nor its HEAD matter.
        history: llvm-project's.
        wheelhouse: has the files of the release; those of other versions there do not count.

    Raises:
        UserError: there is no such tag, or what belongs to it cannot be read.
    """
    repository = Repository.open(root)
    known = _known(repository, tags.parse(tag))
    release = known[tags.parse(tag)]
    pin = _pin(repository, release)
    version = released.version(repository, release, pin)
    patches, packaged = _carried(repository, release, pin)
    return ReleaseFacts(
        tag=release.tag,
        version=version,
        pin=pin,
        committed=history.committed(pin.commit),
        patches=patches,
        changes=_changes(repository, release, pin, known, history),
        imported=_named(packaged, MadePer.INTERPRETER),
        packages=_named(packaged, MadePer.PLATFORM),
        files=files(wheelhouse, version) if wheelhouse else (),
        url=_page(root),
    )


def files(wheelhouse: Path, version: str) -> tuple[ReleaseFile, ...]:
    """The wheels and sdists of a version that are in a folder, by name.

    Raises:
        UserError: there are none.
    """
    there = sorted(path for path in wheelhouse.glob("*") if path.is_file())
    found = [path for path in there if _version(path.name) == Version(version)]
    if not found:
        raise UserError(f"{wheelhouse} has no wheel or sdist of version {version}; name the folder that has")
    if len(found) < len(there):
        log.say(f"   {len(there) - len(found)} files in {wheelhouse} are not of {version}: left out")
    return tuple(
        ReleaseFile(name=path.name, size=path.stat().st_size, sha256=file_sha256(path)) for path in found
    )


def _version(name: str) -> Version | None:
    """The version in the name of a wheel or an sdist; None if it is neither."""
    if not _FILE.fullmatch(name):
        return None
    try:
        return parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _known(repository: Repository, wanted: Tag) -> dict[Tag, Release]:
    """All releases: as the remote has them, if it has this one; else as they are here."""
    if not repository.attempt("remote", "get-url", _ORIGIN).status:
        try:
            known = released.releases(Remote(repository=repository, name=_ORIGIN))
        except OutOfReach as error:
            log.say(f"   {error}: the tags are taken as they are here")
        else:
            if wanted in known:
                return known
    known = released.releases(Remote(repository=repository, name="."))
    if wanted not in known:
        raise UserError(f"there is no tag {wanted}, neither on {_ORIGIN} nor here; name one that there is")
    return known


def _pin(repository: Repository, release: Release) -> Pin:
    """What a release was built from; its tag and commit are fetched if they are not here."""
    if repository.attempt("cat-file", "-e", f"{release.object}^{{commit}}").status:
        Remote(repository=repository, name=_ORIGIN).fetch([release.object])
    pin = released.pin_at(repository, release.commit)
    if pin.version is None:
        raise UserError(f"the pin of {release.tag} does not say its LLVM version, so it is no release")
    return pin


def _carried(
    repository: Repository, release: Release, pin: Pin
) -> tuple[tuple[Patch, ...], tuple[Distribution, ...]]:
    """The patches that a release has, and its distributions."""
    with tempfile.TemporaryDirectory() as name:
        content = Path(name)
        repository.write_files(release.commit, ("patches", "packaging"), content)
        (content / "patches").mkdir(exist_ok=True)
        try:
            chosen = select(load_all(content / "patches"), pin.version or "")
            found = distributions.read_all(content / "packaging")
        except UserError as error:
            raise UserError(str(error).replace(f"{content}{os.sep}", f"{release.tag}: ")) from None
    patches = (dataclasses.replace(it, path=Path("patches", it.name)) for it in chosen)
    return tuple(patches), tuple(found)


def _named(packaged: Iterable[Distribution], kind: MadePer) -> tuple[str, ...]:
    return tuple(sorted(it.name for it in packaged if it.made_per is kind))


def _changes(
    repository: Repository, release: Release, pin: Pin, known: dict[Tag, Release], history: History
) -> Changes | None:
    """What changed in the bindings since the release before."""
    earlier = released.previous(release.tag, known)
    if earlier is None:
        return None
    old = _pin(repository, known[earlier]).commit
    branch = "main"
    if isinstance(release.tag, Numbered):
        branch = f"release/{release.tag.llvm_version.partition('.')[0]}.x"
    commits = () if old == pin.commit else history.log(old, pin.commit, BINDINGS, branch=branch)
    return Changes(since=earlier, old=old, commits=commits)


def _page(root: Path) -> str | None:
    """The project's page on GitHub, if it has one."""
    try:
        home = find_home(root)
    except UserError:
        return None
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com').rstrip('/')}/{home}"
