"""Every error that ends a session, in one family.

A ``UserError`` is one line that says what happened and what to do about it;
``ToolFailed`` is a program that failed and where its whole log was kept.
Neither is ever shown with a traceback (the noxfile sees to that).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Set graphics rendition, the colours that compilers write into their logs.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class ReleaseError(Exception):
    """Base of all errors that a session reports."""


class UserError(ReleaseError):
    """A mistake, or a lack, that the person who started the session can mend.

    The message is folded into one line, so that it can carry text from outside.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class MissingTool(UserError):
    """A program that a step needs is not on PATH."""

    def __init__(self, program: str, advice: str = "install it or put it on PATH") -> None:
        super().__init__(f"{program} was not found: {advice}")


class ToolFailed(ReleaseError):
    """A program ended with an error, or was ended because its time was over.

    ``command`` is what ran, ``status`` its exit status (negative: the signal),
    ``log`` the file with its whole output and ``tail`` the last lines of that;
    ``limit`` is the time in seconds that it had, if it needed more.
    """

    def __init__(
        self, command: Sequence[str], status: int, log: Path, tail: Sequence[str], limit: float | None = None
    ) -> None:
        self.command = tuple(command)
        self.status = status
        self.log = log
        self.tail = tuple(_COLOUR.sub("", line) for line in tail)
        ended = f"was killed by signal {-status}" if status < 0 else f"failed with status {status}"
        if limit is not None:
            ended = f"did not end within {limit:g} s"
        lines = "".join(f"\n    {line}" for line in self.tail)
        super().__init__(f"{self.command[0]} {ended}; its whole log is {log}{lines}")
