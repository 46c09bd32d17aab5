"""Processes of the automation, which tests kill or run beside each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

AUTOMATION = Path(__file__).parents[2] / "packaging" / "automation"


def start(code: str, *arguments: Path | str, **variables: str) -> subprocess.Popen[str]:
    """A Python that runs code which imports the automation.

    Args:
        code: a whole script.
        arguments: what it finds in ``sys.argv``, from the second on.
        variables: what it finds in its environment, besides what is in ours.

    Returns:
        The process; its output is text in a pipe, its errors go where the test's own go.
    """
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(AUTOMATION), **variables},
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], object], *, seconds: float = 120) -> None:
    """Come back as soon as something is true; a test fails when it has not come to that in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
