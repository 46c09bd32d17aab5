"""Which releases are yanked: still there for whoever names the exact version, and passed over by others.

The project says so in its pyproject.toml, with the reason, which installers show::

    [tool.mlir-release.yanked]
    "snapshot-20261123.01" = "crashes on aarch64"
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from mlir_release import tags
from mlir_release.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class BadYankedList(UserError):
    """The list of what is yanked cannot be read, or names what there never was."""

    def __init__(self, where: Path | str, reason: str) -> None:
        super().__init__(f"{where}: {reason}; mend it there, nothing was written")


def read(path: Path) -> dict[str, str]:
    """The tags of yanked releases, and why they are.

    Args:
        path: the project's pyproject.toml.

    Raises:
        BadYankedList: it is not TOML, or says something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadYankedList(path, f"not TOML that can be read ({error})") from None
    return parse(text, path)


def parse(text: str, where: Path | str) -> dict[str, str]:
    """The same of the file's text; ``where`` is what it is called in errors."""
    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadYankedList(where, f"not TOML that can be read ({error})") from None
    for key in ("tool", "mlir-release", "yanked"):
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise BadYankedList(where, f"{key} is not a table")
    return {tag: _reason(where, tag, reason) for tag, reason in table.items()}


def ensure_known(yanked: Mapping[str, str], known: Iterable[str], path: Path) -> None:
    """See that everything on the list is there: one with a slip in it would yank nothing.

    Args:
        yanked: the list.
        known: the tags of all releases that there are or were.
        path: the list's file, for errors.

    Raises:
        BadYankedList: there is no such release.
    """
    unknown = sorted(yanked.keys() - set(known))
    if unknown:
        raise BadYankedList(path, f"there is no release {', '.join(unknown)}, which yanked names")


def _reason(path: Path | str, tag: str, reason: object) -> str:
    """Why a tag is yanked, if both are in their right form."""
    if not tags.known([tag]):
        raise BadYankedList(path, f"yanked has {tag!r}, which is no tag like snapshot-20261123.01")
    if not isinstance(reason, str) or not reason.strip() or not reason.isprintable():
        raise BadYankedList(path, f"yanked says no reason for {tag}, in a line of text")
    return reason
