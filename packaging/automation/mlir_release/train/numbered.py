"""A numbered release, asked for by hand: which one is meant, and whether it may be made.

It is of a tag of llvm-project, and on a branch of this project that its release line has to itself:

=======================  ===================  ==================  ============================
llvm-project's tag       version              branch              tags
=======================  ===================  ==================  ============================
``llvmorg-22.1.8``       ``22.1.8``           ``release/22.x``    ``llvm-22.1.8.01``, rebuilds
``llvmorg-23.1.0-rc1``   ``23.1.0rc1``        ``release/23.x``    ``llvm-23.1.0rc1.01``, …
=======================  ===================  ==================  ============================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log, tags, versions
from mlir_release.errors import UserError
from mlir_release.options import Parser, folder
from mlir_release.source.layout import same_release
from mlir_release.source.tree import REMOTE
from mlir_release.tags import BadTag

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from mlir_release.tags import Numbered
    from mlir_release.train.upstream import Upstream

_CANDIDATE = re.compile(r"(?<=\d)-?(?=rc)")
_UPSTREAM = "llvmorg-"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A release of LLVM; ``version`` is as pins and tags say it: ``22.1.8``, ``23.1.0rc1``."""

    version: str

    @property
    def upstream_tag(self) -> str:
        """Its tag in llvm-project."""
        return _UPSTREAM + self.version.replace("rc", "-rc")

    @property
    def branch(self) -> str:
        """The branch of this project that it is released from."""
        return f"release/{self.version.partition('.')[0]}.x"


def read_wanted(text: str) -> Wanted:
    """The release that somebody means by ``llvmorg-23.1.0-rc1``, ``23.1.0-rc1`` or ``23.1.0rc1``.

    Raises:
        UserError: it is none of these.
    """
    version = _CANDIDATE.sub("", text.removeprefix(_UPSTREAM), count=1)
    try:
        tags.parse(f"llvm-{version}.01")
    except BadTag:
        raise UserError(
            f"{text!r} is no release of LLVM; say one as llvmorg-22.1.8, llvmorg-23.1.0-rc1"
        ) from None
    return Wanted(version=version)


def commit_of(wanted: Wanted, upstream: Upstream) -> str:
    """The commit of llvm-project that a release is, 40 digits; its source must be of that version.

    Raises:
        UserError: there is no such tag, or it is of another version.
        OutOfReach: llvm-project does not answer.
    """
    commit = upstream.resolve(wanted.upstream_tag)
    said = upstream.version(commit)
    if not same_release(said, wanted.version):
        raise UserError(
            f"{wanted.upstream_tag} of {upstream.url} is {commit}, whose source says LLVM {said}; see what"
            " has become of the tag"
        )
    if said != wanted.version:
        # Upstream's candidates carry a wrong suffix at times (llvm/llvm-project#210691).
        log.say(f"   the source of {wanted.upstream_tag} says LLVM {said}: the tag's name counts")
    log.say(f"   {wanted.upstream_tag} is {commit}")
    return commit


def ensure_new(version: str, used: Collection[Numbered]) -> None:
    """Check that a release is one that can be made without being called a rebuild.

    Args:
        version: as pins say it.
        used: the numbered releases that there are.

    Raises:
        UserError: it is there already, or is a candidate of one that is.
    """
    same = [it for it in used if it.llvm_version == version]
    if same:
        raise UserError(
            f"LLVM {version} is released already, as {max(same)}; say --rebuild to release it again"
        )
    final = [it for it in used if it.llvm_version == versions.release(version)]
    if final:
        raise UserError(
            f"LLVM {version} comes before {max(final)}, which is there; say --rebuild if that is meant"
        )


def parser() -> Parser:
    """What both sessions can be told; their parsers add to it."""
    made = Parser(prog="nox", add_help=False, allow_abbrev=False)
    made.add_argument("release", metavar="llvmorg-VERSION")
    made.add_argument("--dry-run", action="store_true")
    made.add_argument("--remote", default="origin", metavar="NAME")
    made.add_argument("--upstream", default=REMOTE, metavar="URL")
    made.add_argument("--cache", type=folder, metavar="DIR")
    return made


@dataclass(frozen=True, kw_only=True)
class Options:
    """What both sessions can be told.

    ``dry_run`` only says what would be done; ``remote`` is this project's, ``upstream`` llvm-project's URL;
    ``cache`` replaces the user's cache folder.
    """

    release: str
    dry_run: bool = False
    remote: str = "origin"
    upstream: str = REMOTE
    cache: Path | None = None
