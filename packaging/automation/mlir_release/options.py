"""What can be said after ``--`` on nox's command line."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mlir_release import tags
from mlir_release.errors import UserError
from mlir_release.sdk.recipe import DEFAULT_TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlir_release.tags import Tag


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of one run; all sessions of a command line share them.

    ``llvm_project`` is a checkout to build instead of the pinned commit; ``sdk``
    is what ``sdk.read_choice`` reads, None when nothing was said; ``index`` the
    package index of an SDK that is a version; ``targets`` (LLVM's names of
    processors), ``assertions`` and ``launcher`` (a compiler cache) are how the
    provider ``build`` compiles; ``cc`` and ``cxx`` name the compiler of
    everything; ``cache`` replaces the user's cache folder; ``wheelhouse`` is
    where repaired wheels go and are taken from; ``sysroot`` is the root of an
    older system to build for; ``container`` the image to run in, empty for the
    default one, None for none; ``tag`` is the release that is built, None for an
    untagged build; ``per_version`` makes a wheel for one Python also where one with
    the stable ABI serves several; ``beside`` tests a wheel in one environment with
    what its users have beside it.
    """

    llvm_project: Path | None
    sdk: str | None
    index: str | None
    targets: tuple[str, ...]
    assertions: bool
    cc: str | None
    cxx: str | None
    launcher: str | None
    cache: Path | None
    wheelhouse: Path
    sysroot: Path | None = None
    container: str | None = None
    tag: Tag | None = None
    per_version: bool = False
    beside: bool = False


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are errors of ours, not a SystemExit."""

    def error(self, message: str) -> NoReturn:
        """End with what was wrong and which options there are; raises ``UserError``."""
        raise UserError(f"{message}; the options are: {' '.join(self.format_usage().split()[2:])}")


def folder(text: str) -> Path:
    """The absolute path that a user means; it need not exist."""
    if not text:
        raise argparse.ArgumentTypeError("no folder is named")
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:  # a home that does not exist, links in a circle
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None


def _targets(text: str) -> tuple[str, ...]:
    """LLVM's names of processors, between commas or semicolons: ``X86;AArch64``, ``host``, ``all``."""
    names = tuple(re.split("[,;]", text))
    wrong = next((name for name in names if not re.fullmatch(r"\w+", name, re.ASCII)), None)
    if wrong is not None:
        raise argparse.ArgumentTypeError(f"{wrong!r} is no name of a target; say X86;AArch64, host or all")
    return names


def parse(arguments: Sequence[str], root: Path) -> Options:
    """Read the options of a session.

    Args:
        arguments: the words after ``--``.
        root: this project's folder, where the wheelhouse is by default.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--llvm-project", type=folder, metavar="DIR")
    parser.add_argument("--sdk", metavar="auto|build|system|PREFIX|WHEEL|VERSION")
    parser.add_argument("--index", metavar="URL")
    parser.add_argument("--targets", type=_targets, default=DEFAULT_TARGETS, metavar="NAME;NAME")
    parser.add_argument("--assertions", action="store_true")
    for name in ("--cc", "--cxx", "--launcher"):
        parser.add_argument(name, metavar="PROGRAM")
    parser.add_argument("--sysroot", type=folder, metavar="DIR")
    parser.add_argument("--container", nargs="?", const="", metavar="IMAGE")
    parser.add_argument("--per-version", action="store_true")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--tag", type=tags.parse, metavar="TAG")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    parser.add_argument("--wheelhouse", type=folder, default=root / "wheelhouse", metavar="DIR")
    return Options(**vars(parser.parse_args(arguments)))
