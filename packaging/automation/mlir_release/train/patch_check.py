"""``nox -s patches``: the patches that this project carries, and whether they still apply."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.options import Parser, folder
from mlir_release.source import checkout, originals, tree
from mlir_release.source.layout import VERSION_FILE, same_release, version_in
from mlir_release.source.patches import apply_what_fits, load_all, select, touched
from mlir_release.store import Store
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.pin import Pin
    from mlir_release.source.patches import Patch

_COMMIT = re.compile(r"[0-9a-f]{40}")


class PatchesFail(UserError):
    """Patches do not apply; each place was named before."""

    def __init__(self, chosen: Sequence[Patch], lines: Sequence[str], what: str) -> None:
        failed = [patch.name for patch in chosen if any(line.startswith(f"{patch.name}: ") for line in lines)]
        places = "1 place" if len(lines) == 1 else f"{len(lines)} places"
        super().__init__(
            f"{', '.join(failed)} cannot be applied to {what} in the {places} named above;"
            " renew what fails, or narrow its Applies-to"
        )


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``patches`` is told: another commit than the pinned one, or a checkout; the cache folder."""

    commit: str | None
    llvm_project: Path | None
    cache: Path | None


def parse_patches(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--commit", metavar="SHA")
    what.add_argument("--llvm-project", type=folder, metavar="DIR")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    options = Options(**vars(parser.parse_args(arguments)))
    if options.commit is not None and not _COMMIT.fullmatch(options.commit):
        raise UserError(f"--commit {options.commit} is no commit; give its 40 hexadecimal digits")
    return options


def run_patches(arguments: Sequence[str], root: Path, url: str = tree.REMOTE) -> None:
    """List the patches of this project, and check that they apply.

    Args:
        arguments: the words after ``--``.
        root: the project's folder.
        url: llvm-project, for files that are not at hand.

    Raises:
        PatchesFail: one does not apply.
        UserError: the files that they change cannot be had, or a patch is malformed.
    """
    options = parse_patches(arguments)
    pin = pins.read(root / pins.FILE_NAME)
    known = load_all(root / "patches")
    for patch in known:
        log.summary(patch.name, _description(patch, pin.version))
    subject = str(options.llvm_project or (options.commit or pin.commit)[:9])
    with tempfile.TemporaryDirectory() as name:
        files = Path(name)
        _put((VERSION_FILE, *touched(known)), files, options, pin, url)
        version = _version(files, subject)
        if not (options.commit or options.llvm_project):
            _compare(version, pin)
        _check(select(known, version), files, f"LLVM {version} ({subject})")


def failures(chosen: Sequence[Patch], files: Path) -> list[str]:
    """All places where patches do not apply, each patch on top of those before it.

    Args:
        chosen: those that belong to the tree's version, in their order.
        files: a folder with what they change, as upstream has them. It is changed: give it a copy.

    Returns:
        a line for each: the patch's name, the file, the hunk, and what is there instead.
    """
    return [f"{patch.name}: {failure}" for patch in chosen for failure in apply_what_fits(patch, files)]


def _description(patch: Patch, pinned: str | None) -> list[tuple[str, str]]:
    """What the header of a patch says, as rows."""
    if pinned is None:
        belongs = "whether the pin is one of them is not known before its source is at hand"
    else:
        belongs = f"the pin, {pinned}, is {'one of them' if select([patch], pinned) else 'none of them'}"
    return [
        ("for LLVM", f"{patch.applies_to}; {belongs}"),
        ("why", patch.why),
        ("upstream", patch.upstream),
        ("drop when", patch.drop_when),
    ]


def _put(paths: Sequence[str], into: Path, options: Options, pin: Pin, url: str) -> None:
    """Bring the files that are to be patched, those that are there, into a folder."""
    if options.llvm_project:
        checkout.check(options.llvm_project, ())
        checkout.copy(
            options.llvm_project, [it for it in paths if (options.llvm_project / it).is_file()], into
        )
        return
    store = Store.open(options.cache)
    if options.commit is None or options.commit == pin.commit:
        tree.pristine(pin, paths, store=store, into=into, remote=url)
    elif not originals.copy(store, options.commit, paths, into):
        Upstream.open(store, url).put(options.commit, paths, into)


def _version(files: Path, subject: str) -> str:
    """The LLVM version that the files say they are of."""
    path = files / VERSION_FILE
    if not path.is_file():
        raise UserError(f"{subject} has no {VERSION_FILE}; take a commit of llvm-project")
    text = path.read_text(encoding="utf-8", errors="replace")
    return version_in(text, f"{VERSION_FILE} of {subject}")


def _compare(version: str, pin: Pin) -> None:
    """The pin's version chooses patches wherever there is no source yet, so it must be the source's."""
    if pin.version and not same_release(version, pin.version):
        raise UserError(f"{pin.commit} is LLVM {version}, the pin says {pin.version}; mend the pin")


def _check(chosen: Sequence[Patch], files: Path, what: str) -> None:
    if not chosen:
        log.say(f"   no patch belongs to {what}: there is nothing to check")
        return
    lines = failures(chosen, files)
    for line in lines:
        log.say(f"   {line}")
    if lines:
        raise PatchesFail(chosen, lines, what)
    log.say(f"   to {what} apply {', '.join(patch.name for patch in chosen)}")
