"""``nox -s disk``: sees that there is room before hours of compiling, not in the middle of them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.options import Parser, folder
from mlir_release.run import run as run_tool
from mlir_release.store import Store, ensure_room, remove

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIGABYTE = 10**9
# What hosted runners bring along and no session uses, the largest first (actions/runner-images).
PREINSTALLED = tuple(
    Path(name)
    for name in (
        "/usr/local/lib/android",
        "/opt/hostedtoolcache/CodeQL",
        "/usr/local/.ghcup",
        "/usr/share/dotnet",
        "/usr/share/swift",
    )
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What ``disk`` is told: how many bytes must be free, and the cache folder if it is another one."""

    need: int
    cache: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--``.

    Raises:
        UserError: an unknown option, or a value that cannot be meant.
    """
    parser = Parser(prog="nox", add_help=False, allow_abbrev=False)
    parser.add_argument("--need", type=int, required=True, metavar="GB")
    parser.add_argument("--cache", type=folder, metavar="DIR")
    options = parser.parse_args(arguments)
    return Options(need=options.need * _GIGABYTE, cache=options.cache)


def run(arguments: Sequence[str], _: Path) -> None:
    """The session: see that so much is free in the store.

    On GitHub's own machines, what they bring along is removed until it is; other people's are left alone.

    Raises:
        UserError: there is too little.
    """
    options = parse(arguments)
    place = Store.open(options.cache).root
    hosted = os.environ.get("RUNNER_ENVIRONMENT") == "github-hosted"
    make_room(place, options.need, PREINSTALLED if hosted else ())


def make_room(place: Path, need: int, removable: Sequence[Path]) -> None:
    """See that so many bytes are free, at the price of folders that are named.

    Args:
        place: a folder on the disk that matters.
        need: in bytes.
        removable: what is removed, one after the other, for as long as there is too little.

    Raises:
        UserError: there is too little all the same.
        ToolFailed: a folder could not be removed.
    """
    rows = [("free before", _free(place))]
    for path in removable:
        if shutil.disk_usage(place).free >= need:
            break
        if path.is_dir():
            _remove(path)
            rows.append((f"without {path}", _free(place)))
    log.summary("disk", [*rows, ("needed", f"{need / _GIGABYTE:.1f} GB")])
    ensure_room(place, need, "this job")


def _remove(path: Path) -> None:
    """Delete a folder; those of others as root, which hosted runners let everybody become."""
    if os.access(path.parent, os.W_OK):
        remove(path)
    else:
        run_tool(["sudo", "-n", "rm", "-rf", path])


def _free(place: Path) -> str:
    return f"{shutil.disk_usage(place).free / _GIGABYTE:.1f} GB"
