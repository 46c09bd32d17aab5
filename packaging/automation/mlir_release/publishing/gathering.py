"""The wheels that jobs have left in their folders, as candidates for one release set."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.publishing import record
from mlir_release.publishing.wheel_checks import Candidate
from mlir_release.store import file_sha256

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WHEEL = ".whl"


def gather(folders: Sequence[Path]) -> tuple[tuple[Candidate, ...], dict[str, list[str]]]:
    """The wheels in some folders, by name; the same wheel in two of them is one, and so are its tests.

    Args:
        folders: where to look, not below them.

    Returns:
        The candidates, and the problems of those that are none, by name.

    Raises:
        UserError: a folder cannot be read.
    """
    paths: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for path in _wheels(folder):
            paths[path.name].append(path)
    found, problems = [], {}
    for name, same in sorted(paths.items()):
        sums = {path: file_sha256(path) for path in same}
        if len(set(sums.values())) > 1:
            places = ", ".join(str(path.parent) for path in same)
            problems[name] = [f"it has other bytes in each of the folders {places}"]
            continue
        sha256 = sums[same[0]]
        tested = functools.reduce(record.Record.merged, (record.read(path, sha256) for path in same))
        size = same[0].stat().st_size
        found.append(Candidate(path=same[0], size=size, sha256=sha256, tested=tested))
    return tuple(found), problems


def _wheels(folder: Path) -> list[Path]:
    try:
        there = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}); name a folder of wheels") from None
    wheels = [path for path in there if path.name.endswith(_WHEEL) and path.is_file()]
    others = [path.name for path in there if path not in wheels and not path.name.endswith(record.SUFFIX)]
    left_out = f"; left out: {', '.join(others)}" if others else ""
    log.say(f"   {folder}: {len(wheels)} wheels{left_out}")
    return wheels
