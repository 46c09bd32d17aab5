"""The program git, and how it is spoken to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlir_release.errors import UserError

if TYPE_CHECKING:
    from mlir_release.run import Completed

# A host that does not answer within this many seconds counts as out of reach.
# git has no limit of its own for connecting, the system's is over two minutes.
ANSWER_SECONDS = 20
# A transfer is given up when it stays below 1 kB/s for 30 s (git-config, http.lowSpeedLimit).
PATIENCE = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")

# A session that was started from a git hook has these set for another repository.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)
ENVIRONMENT: dict[str, str | None] = {
    **dict.fromkeys(_FOREIGN),
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

_FATAL = re.compile(r"^(?:fatal|error): (.+)$", re.MULTILINE)


class OutOfReach(UserError):
    """A repository does not answer, or does not let us in."""


def reason(done: Completed) -> str:
    """What went wrong, in the words of git."""
    return said(done.errors or done.output) or f"git ended with status {done.status}"


def said(output: str) -> str | None:
    """The error that git ended with, if there is one in its output."""
    found = _FATAL.search(output)
    return found[1].strip() if found else None
