"""A shallow, partial git fetch of exactly one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlir_release.errors import MissingTool, ToolFailed
from mlir_release.git import Repository, program
from mlir_release.source.layout import Unavailable
from mlir_release.store import remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def fetch(commit: str, remote: str, parts: Sequence[str], tree: Path) -> None:
    """Put the parts of one commit into a new folder, without git's own data.

    Args:
        commit: 40 hexadecimal digits.
        remote: the repository's URL.
        parts: paths below its root.
        tree: the folder to make.

    Raises:
        Unavailable: no git here, no answer, or not the commit; says which.
    """
    try:
        _probe(remote, tree.parent)
        _fetch(commit, remote, parts, tree)
    except MissingTool:
        why = "there is no git on PATH"
    except ToolFailed as error:
        why = program.said("\n".join(error.tail)) or f"git failed, see {error.log}"
    except Unavailable as unavailable:
        why = str(unavailable)
    else:
        return
    remove(tree)
    raise Unavailable(why)


def _probe(remote: str, folder: Path) -> None:
    """Ask for one ref: cheap, and it goes the way that the fetch will, proxies and all."""
    limit = program.ANSWER_SECONDS
    asked = Repository(folder).attempt("ls-remote", "--quiet", remote, "HEAD", timeout=limit)
    if asked.late:
        raise Unavailable(f"no answer within {limit} s")
    if asked.status != 0:
        raise Unavailable(program.reason(asked))


def _fetch(commit: str, remote: str, parts: Sequence[str], tree: Path) -> None:
    tree.mkdir()
    git = Repository(tree).ask
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
