"""What can be said after ``--`` on nox's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of one run; all sessions of a command line share them.

    ``llvm_project`` is a checkout to build instead of the pinned commit; ``sdk``
    is ``auto``, ``system`` or a prefix; ``cache`` replaces the user's cache
    folder; ``wheelhouse`` is where repaired wheels go and are taken from.
    """

    llvm_project: Path | None
    sdk: str
    cache: Path | None
    wheelhouse: Path


class _Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are errors of ours, not a SystemExit."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; the options are: {' '.join(self.format_usage().split()[2:])}")


def _folder(text: str) -> Path:
    """The absolute path that a user means; it need not exist."""
    if not text:
        raise argparse.ArgumentTypeError("no folder is named")
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:  # a home that does not exist, links in a circle
        raise argparse.ArgumentTypeError(f"{text}: {error}") from None


def parse(arguments: Sequence[str], root: Path) -> Options:
    """Read the options of a session.

    Args:
        arguments: the words after ``--``.
        root: this project's folder, where the wheelhouse is by default.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = _Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--llvm-project", type=_folder, metavar="DIR")
    parser.add_argument("--sdk", default="auto", metavar="auto|system|PREFIX")
    parser.add_argument("--cache", type=_folder, metavar="DIR")
    parser.add_argument("--wheelhouse", type=_folder, default=root / "wheelhouse", metavar="DIR")
    return Options(**vars(parser.parse_args(arguments)))
