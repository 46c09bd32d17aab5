"""A shallow, partial git fetch of exactly one commit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlir_release.errors import MissingTool, ToolFailed
from mlir_release.run import run
from mlir_release.source.layout import Unavailable
from mlir_release.store import remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A host that does not answer within this many seconds counts as out of reach.
# git has no limit of its own for connecting, the system's is over two minutes.
ANSWER_SECONDS = 20
# A transfer is given up when it stays below 1 kB/s for 30 s (git-config, http.lowSpeedLimit).
_PATIENCE = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30")

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


def fetch(commit: str, remote: str, parts: Sequence[str], tree: Path, log: Path) -> None:
    """Put the parts of one commit into a new folder, without git's own data.

    Args:
        commit: 40 hexadecimal digits.
        remote: the repository's URL.
        parts: paths below its root.
        tree: the folder to make.
        log: gets git's output.

    Raises:
        Unavailable: no git here, no answer, or not the commit; says which.
    """
    try:
        _probe(remote)
        _fetch(commit, remote, parts, tree, log)
    except MissingTool:
        reason = "there is no git on PATH"
    except ToolFailed as error:
        reason = _reason("\n".join(error.tail), f"git failed, see {error.log}")
    except Unavailable as unavailable:
        reason = str(unavailable)
    else:
        return
    remove(tree)
    raise Unavailable(reason)


def _probe(remote: str) -> None:
    """Ask for one ref: cheap, and it goes the way that the fetch will, proxies and all."""
    question = ["git", "ls-remote", "--quiet", remote, "HEAD"]
    asked = run(question, env=ENVIRONMENT, check=False, quiet=True, timeout=ANSWER_SECONDS)
    if asked.seconds >= ANSWER_SECONDS:
        raise Unavailable(f"no answer within {ANSWER_SECONDS} s")
    if asked.status != 0:
        raise Unavailable(_reason(asked.output, "git cannot reach it"))


def _fetch(commit: str, remote: str, parts: Sequence[str], tree: Path, log: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "core.autocrlf=false", "-c", "advice.detachedHead=false", *_PATIENCE, *words]
        return run(command, cwd=tree, env=ENVIRONMENT, log=log, quiet=words[0] != "fetch").output.strip()

    tree.mkdir()
    git("init", "--quiet")
    git("remote", "add", "origin", remote)
    git("config", "core.sparseCheckout", "true")
    # Patterns as in .gitignore; a leading slash means the root and nothing below it.
    sparse = tree / ".git" / "info" / "sparse-checkout"
    sparse.parent.mkdir(exist_ok=True)
    sparse.write_text("".join(f"/{part}\n" for part in parts), encoding="utf-8")
    git("fetch", "--no-tags", "--depth=1", "--filter=blob:none", "origin", commit)
    git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    got = git("rev-parse", "HEAD")
    if got != commit:
        raise Unavailable(f"it sent commit {got} instead")
    remove(tree / ".git")


def _reason(output: str, otherwise: str) -> str:
    """What went wrong, in the words of git."""
    said = _FATAL.search(output)
    return said[1].strip() if said else otherwise
