"""The program git, and how it is spoken to."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.run import Completed

# A host that does not answer within this many seconds counts as out of reach.
# git has no limit of its own for connecting, the system's is over two minutes.
ANSWER_SECONDS = 20
# A transfer is given up when it stays below 1 kB/s for 30 s (git-config, http.lowSpeedLimit).
PATIENCE = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")

# What may be of the user's own: the way to servers, and the name to commit in. Anything else could change
# what git does or writes: attributes, hooks, templates, the repository that a git hook was started for.
_VARIABLES = re.compile(
    r"GIT_((AUTHOR|COMMITTER|SSH|SSL|HTTP|PROXY)_\w+|SSH|ASKPASS|EXEC_PATH|ALLOW_PROTOCOL|PROTOCOL_FROM_USER)"
)
_SETTINGS = re.compile(
    r"(http|credential|url|ssh|protocol|user|author|committer)\..+"
    r"|core\.(askpass|gitproxy|sshcommand)|safe\.directory",
    re.DOTALL,
)
# Without a setting, git would take files of these kinds from places of its own.
_NO_FILES = ("core.attributesFile", "core.excludesFile", "core.hooksPath")
_NONE = "/dev/null"  # on Windows, too
_FIXED = {
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": _NONE,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TEMPLATE_DIR": "",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

_FATAL = re.compile(r"^(?:fatal|error): (.+)$", re.MULTILINE)


class OutOfReach(UserError):
    """A repository does not answer, or does not let us in."""


def settings(folder: Path) -> list[tuple[str, str]]:
    """Those settings of the user and the system that git keeps in a folder: the way to servers, and the name.

    None that the repository there has itself, for these have the last word.
    """
    listed = run(
        ["git", "config", "--list", "--null", "--show-scope"], cwd=folder, check=False, quiet=True, apart=True
    )
    fields = listed.output.split("\0")
    found = [(scope, *text.partition("\n")) for scope, text in zip(fields[::2], fields[1::2], strict=False)]
    own = {name for scope, name, *_ in found if scope in ("local", "worktree")}
    # One without a value is a switch that is on.
    return [
        (name, value if equals else "true")
        for _, name, equals, value in found
        if _SETTINGS.fullmatch(name) and name not in own
    ]


def environment(kept: Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """The environment that git is started with: hermetic but for settings that are kept.

    Git before 2.32 does not know of GIT_CONFIG_GLOBAL and obeys all of the user's.
    """
    told: dict[str, str | None] = {"GIT_CONFIG_COUNT": str(len(kept) + len(_NO_FILES))}
    for number, (name, value) in enumerate([*kept, *((name, _NONE) for name in _NO_FILES)]):
        told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    foreign = (name for name in os.environ if name.startswith("GIT_") and not _VARIABLES.fullmatch(name))
    return {**dict.fromkeys(foreign), **_FIXED, **told}


def reason(done: Completed) -> str:
    """What went wrong, in the words of git."""
    return said(done.errors or done.output) or f"git ended with status {done.status}"


def said(output: str) -> str | None:
    """The error that git ended with, if there is one in its output."""
    found = _FATAL.search(output)
    return found[1].strip() if found else None
