"""``nox -s release-set``: the wheels of a tag, gathered, proven to be as promised, written as a set."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import distributions, lines, log, pin, tags
from mlir_release.errors import UserError
from mlir_release.git import Repository
from mlir_release.options import Parser, folder
from mlir_release.publishing import set_folder
from mlir_release.publishing.gathering import gather
from mlir_release.publishing.proof import proven, wanted_of
from mlir_release.publishing.wheel_checks import Promise
from mlir_release.source.patches import load_all, select
from mlir_release.source.tree import REMOTE
from mlir_release.store import Store
from mlir_release.train import gather as notes_of
from mlir_release.train import released
from mlir_release.train.history import History
from mlir_release.train.notes import ReleaseFile, notes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest
    from mlir_release.tags import Tag


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``release-set`` is told: a tag, folders of wheels, where the set goes, whether it is a rehearsal.

    ``only`` are the interpreters of a rehearsal (``cp39``, ``py3`` for the wheels of the platform), None for
    those of a release.
    """

    tag: Tag
    folders: tuple[Path, ...]
    output: Path
    rehearse: bool
    only: tuple[str, ...] | None
    cache: Path | None


def parse(arguments: Sequence[str], root: Path) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("tag", type=tags.parse, metavar="TAG")
    parser.add_argument("--from", type=folder, action="append", dest="folders", metavar="DIR")
    parser.add_argument("--output", type=folder, metavar="DIR")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--only", metavar="cp39,py3")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    read = parser.parse_args(arguments)
    if read.only is not None and not read.rehearse:
        raise UserError(
            "a release has all wheels, so --only is for rehearsals: say --rehearse, or leave it out"
        )
    return Options(
        tag=read.tag,
        folders=tuple(dict.fromkeys(read.folders or [root / "wheelhouse"])),
        output=read.output or root / "release-set" / str(read.tag),
        rehearse=read.rehearse,
        only=None if read.only is None else tuple(read.only.split(",")),
        cache=read.cache,
    )


def run(arguments: Sequence[str], root: Path, url: str = REMOTE) -> None:
    """Make the release set of a tag, in a checkout of that tag.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        url: llvm-project, for what the notes say of its history.

    Raises:
        UserError: the checkout is not at the tag, or a folder is of no use.
        Refused: the wheels are not what was promised; everything that is wrong is listed.
    """
    options = parse(arguments, root)
    promise = promised(options.tag, root, rehearsal=options.rehearse)
    wanted = wanted_of(promise, options.only)
    set_folder.ensure_free(options.output)
    with log.stage(f"gather the wheels of {options.tag}"):
        candidates, problems = gather(options.folders)
    with log.stage(f"check {len(candidates)} wheels"):
        manifest = proven(candidates, problems, promise, wanted)
    with log.stage("release notes"):
        text = _notes(manifest, root, History.open(Store.open(options.cache), url=url))
    set_folder.write(options.output, manifest, {it.path.name: it.path for it in candidates}, text)
    log.summary(
        f"release set of {options.tag}{', a rehearsal' if options.rehearse else ''}",
        [
            ("version", manifest.version),
            ("wheels", str(len(manifest.files))),
            ("size", f"{sum(file.size for file in manifest.files) / 1e6:.1f} MB"),
            ("in", str(options.output)),
        ],
    )


def promised(tag: Tag, root: Path, *, rehearsal: bool) -> Promise:
    """What the wheels of a tag are to be, from a checkout that is at the tag.

    Raises:
        UserError: it is not, or its pin says no version.
    """
    pinned = pin.read(root / pin.FILE_NAME)
    version = released.checked_out(root, tag, pinned)
    if pinned.version is None or pinned.ref is None:
        raise UserError(
            f"{pin.FILE_NAME} of {tag} does not say its LLVM version and ref, so it is no release"
        )
    return Promise(
        tag=str(tag),
        version=version,
        commit=Repository.open(root).ask("rev-parse", "HEAD"),
        pin=pinned,
        patches=tuple(select(load_all(root / "patches"), pinned.version)),
        abis=lines.abis_of(pinned),
        distributions=distributions.read_all(root / "packaging"),
        rehearsal=rehearsal,
    )


def _notes(manifest: Manifest, root: Path, history: History) -> str:
    facts = notes_of.gather(manifest.tag, root, history=history, wheelhouse=None)
    files = (ReleaseFile(name=it.name, size=it.size, sha256=it.sha256) for it in manifest.files)
    return notes(dataclasses.replace(facts, files=tuple(files), findings=manifest.findings))
