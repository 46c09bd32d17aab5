"""Applying the hunks of a unified diff to a text: exactly, or moved, never with fuzz."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unidiff.patch import Hunk, PatchedFile


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What came of applying the hunks for one file.

    ``text`` is the new text, with those hunks that fit; ``moved`` has a note for each hunk that was
    found at another line, ``failed`` one for each whose lines are not there in one piece. Each note
    names the hunk.
    """

    text: str
    moved: tuple[str, ...]
    failed: tuple[str, ...]


def apply_hunks(part: PatchedFile, text: str) -> Attempt:
    """Apply the hunks for one file.

    Args:
        part: the file's part of a parsed diff.
        text: the file's text, line ends as they are.
    """
    # Not splitlines: it would also split at form feeds and other marks.
    lines = io.StringIO(text).readlines()
    result: list[str] = []
    moved: list[str] = []
    failed: list[str] = []
    done = drift = 0
    for number, hunk in enumerate(part, 1):
        old = _side(hunk, "-")
        nominal = max(hunk.source_start - 1, 0)
        place = _find(lines, old, nominal + drift, done)
        if place is None:
            failed.append(f"hunk {number} (line {hunk.source_start}): {_difference(lines, old, nominal)}")
            continue
        if place - nominal != drift:
            drift = place - nominal
            moved.append(f"hunk {number} applied {drift:+d} lines from where it was written")
        result += lines[done:place] + _side(hunk, "+")
        done = place + len(old)
    return Attempt(text="".join(result + lines[done:]), moved=tuple(moved), failed=tuple(failed))


def _side(hunk: Hunk, sign: str) -> list[str]:
    """The lines that a hunk expects (sign ``-``) or leaves (``+``), with their line ends."""
    taken: list[str] = []
    ours = False
    for line in hunk:
        if line.line_type == "\\":
            # "\ No newline at end of file" speaks of the line above it.
            if ours:
                taken[-1] = taken[-1].removesuffix("\n")
            continue
        ours = line.line_type in (" ", sign)
        if ours:
            taken.append(line.value)
    return taken


def _find(lines: Sequence[str], old: Sequence[str], expected: int, lowest: int) -> int | None:
    """Where ``old`` stands in ``lines``, nearest to the expected index and not below the lowest."""
    last = len(lines) - len(old)
    for place in sorted(range(lowest, last + 1), key=lambda index: abs(index - expected)):
        if lines[place : place + len(old)] == old:
            return place
    return None


def _difference(lines: Sequence[str], old: Sequence[str], start: int) -> str:
    """The first line that differs from what a hunk expects where it was written."""
    for offset, line in enumerate(old):
        found = lines[start + offset] if start + offset < len(lines) else None
        if line != found:
            there = "the file ends" if found is None else f"there is {found.strip()!r}"
            return f"line {start + offset + 1} should be {line.strip()!r}, but {there}"
    return "its lines overlap those of the hunk before it"
