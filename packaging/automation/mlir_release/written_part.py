"""The part of a page that a session writes, between two marks; all else in it is written by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.store import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def replace(page: Path, session: str, content: str) -> None:
    """Put what a session has found out into its part of a page.

    Args:
        page: the file.
        session: its name, which is in the marks.
        content: Markdown, whole lines.

    Raises:
        UserError: the page cannot be read, or the marks are not in it.
    """
    begin, end = f"<!-- {session}: written by nox -s {session} -->\n", f"<!-- end of {session} -->\n"
    before, begun, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise UserError(
            f"{page} has no lines {begin.strip()} and {end.strip()}; put them back where its part was"
        )
    write_atomically(page, f"{before}{begin}{content}{end}{after}")
