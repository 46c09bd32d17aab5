"""The session: what is to be verified, and where it is brought to."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log, tags
from mlir_release.errors import UserError
from mlir_release.github import Client
from mlir_release.options import Parser, folder
from mlir_release.publishing.manifest import NAME, SUMS
from mlir_release.publishing.verify import on_github, release_set, tagged
from mlir_release.publishing.verify.on_index import Looker
from mlir_release.publishing.verify.report import Report
from mlir_release.publishing.verify.web import Web
from mlir_release.store import ensure_writable
from mlir_release.train.home import find_home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlir_release.publishing.manifest import Manifest

_URL = ("https://", "http://")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``verify`` is told.

    ``what`` is a tag, a folder or a URL; ``output`` keeps what is downloaded of a tag; of an index only
    ``version`` is looked at, if it is not None.
    """

    what: str
    output: Path | None
    version: str | None


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or one that is of no use for what is to be verified.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("what", metavar="TAG|DIR|URL")
    parser.add_argument("--output", type=folder, metavar="DIR")
    parser.add_argument("--version", metavar="VERSION")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.version and not options.what.startswith(_URL):
        raise UserError("--version is for an index; a tag and a folder have one version")
    if options.output and not tags.known([options.what]):
        raise UserError("--output is for a tag; nothing is kept of a folder or an index")
    return options


def run(arguments: Sequence[str], root: Path) -> None:
    """Verify a release, a folder with one, or a package index, and say all that is wrong.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.

    Raises:
        NotAsItShould: something is wrong.
        UserError: it cannot be looked at.
    """
    options = parse(arguments)
    report = Report()
    if options.what.startswith(_URL):
        with _place(None) as place:
            Looker(web=Web(), folder=place, version=options.version).check(options.what, report)
    elif tags.known([options.what]):
        client = Client.for_repository(find_home(root))
        with _place(options.output) as place:
            _check_patches(on_github.check(client, tags.parse(options.what), place, report), root, report)
    else:
        _check_patches(_check_folder(options.what, report), root, report)
    report.end(options.what)


def _check_patches(manifest: Manifest | None, root: Path, report: Report) -> None:
    if manifest:
        report.add(f"the patches of {manifest.tag}", tagged.problems(root, manifest))


def _check_folder(what: str, report: Report) -> Manifest | None:
    place = folder(what)
    if not place.is_dir():
        raise UserError(f"{what} is neither a tag like snapshot-20261123.01, nor a folder, nor a URL")
    if not any((place / name).is_file() for name in (NAME, SUMS)):
        raise UserError(f"{place} has no {NAME}; name the folder of a release")
    manifest = release_set.check(place, report)
    if manifest and manifest.rehearsal:
        log.say(f"   {manifest.tag} is a rehearsal, and is not to be published")
    return manifest


@contextmanager
def _place(output: Path | None) -> Iterator[Path]:
    """The folder that downloads go to: the one that is named, or one that goes away again."""
    if output:
        ensure_writable(output)
        output.mkdir(parents=True, exist_ok=True)
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="mlir-py-release-") as name:
        yield Path(name)
