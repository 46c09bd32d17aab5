"""What the field's own checkers say of a wheel: twine, and check-wheel-contents."""

from __future__ import annotations

import re
import sys
import zipfile
from typing import TYPE_CHECKING

from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What of check-wheel-contents does not fit wheels like these:
_IGNORED = (
    "W002",  # files twice: upstream generates the same text for many dialects
    "W004",  # modules that cannot be imported: shared libraries have hyphens in their names
)
# And what besides, where a repair tool has put libraries into a folder NAME.libs beside the package:
_IGNORED_WITH_GRAFTS = (
    "W009",  # two folders at the top
    "W010",  # one of them without a module
)
_GRAFTS = re.compile(r"[^/]+\.libs/")
# Wide enough for any message: twine breaks lines at the width of a terminal.
_SHOWN = {"COLUMNS": "10000", "NO_COLOR": "1"}
_CODE = re.compile(r"(?:^|.*: )(W\d+: .*)")
# Of the files that a check names.
_LISTED = 20


def problems(wheel: Path) -> list[str]:
    """All that the two find wrong with a wheel that can be read; in one line each.

    Raises:
        ToolFailed: one of them broke off.
    """
    return [*_twine(wheel), *_contents(wheel)]


def _twine(wheel: Path) -> Iterator[str]:
    """``twine check --strict``: whether package indexes can show its description."""
    done = run(
        [sys.executable, "-m", "twine", "--no-color", "check", "--strict", wheel],
        env=_SHOWN,
        check=False,
        quiet=True,
    )
    if done.status:
        lines = [" ".join(line.split()) for line in done.output.splitlines() if line.strip()]
        said = [line for line in lines if not line.startswith("Checking ")] or lines
        yield f"twine: {'; '.join(said)}"


def _contents(wheel: Path) -> Iterator[str]:
    """``check-wheel-contents``: whether it has what it should not, or not what it should."""
    with zipfile.ZipFile(wheel) as archive:
        grafts = any(_GRAFTS.match(name) for name in archive.namelist())
    ignored = [*_IGNORED, *(_IGNORED_WITH_GRAFTS if grafts else ())]
    command = [sys.executable, "-m", "check_wheel_contents", "--no-config", "--ignore", ",".join(ignored)]
    done = run([*command, wheel], env=_SHOWN, check=False, quiet=True)
    if done.status:
        yield from _found(done.output, wheel)


def _found(output: str, wheel: Path) -> Iterator[str]:
    """One line for each check, with the files that it names after it."""
    checks: list[tuple[str, list[str]]] = []
    for line in output.splitlines():
        code = _CODE.match(line)
        if code:
            checks.append((code[1], []))
        elif checks and line.startswith("  "):
            checks[-1][1].append(line.strip())
    if not checks:
        yield f"check-wheel-contents: {' '.join(output.replace(str(wheel), 'it').split())}"
    for check, files in checks:
        more = f" and {len(files) - _LISTED} more" if files[_LISTED:] else ""
        yield f"check-wheel-contents: {check} {', '.join(files[:_LISTED])}{more}".rstrip()
