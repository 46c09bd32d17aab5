"""``nox -s trial-tag``: a tag for what is only tried out, such as a pull request; on this clone alone.

A release is built at its tag. A trial of the same steps has one, too, which follows from the commit, so that
all jobs of a run come to the same one, and which nobody pushes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.errors import UserError
from mlir_release.git import Repository
from mlir_release.options import Parser
from mlir_release.tags import LAST_NUMBER, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run(arguments: Sequence[str], root: Path) -> None:
    """The session: put the tag on the commit that is checked out; on GitHub it is the step's output ``tag``.

    Args:
        arguments: none are known.
        root: the root of the clone.

    Raises:
        UserError: this is no clone, or the tag is another commit's.
    """
    Parser(prog="nox", add_help=False, allow_abbrev=False).parse_args(arguments)
    tag = put(Repository.open(root))
    log.summary("trial", [("tag", f"{tag}, in this clone alone")])
    log.outputs({"tag": str(tag)})


def put(repository: Repository) -> Snapshot:
    """Tag the commit that is checked out, by the day (UTC) that it is of; again changes nothing.

    Raises:
        UserError: the tag is another commit's.
    """
    head, seconds = repository.ask("show", "--no-patch", "--format=%H %ct", "HEAD").split()
    # The last of its day: snapshots have the first ones.
    tag = Snapshot(dt.datetime.fromtimestamp(int(seconds), dt.UTC).date(), LAST_NUMBER)
    there = repository.attempt("rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}").output
    if there.strip() not in ("", head):
        raise UserError(f"{tag} is at another commit; say git tag --delete {tag}, if it is of a trial")
    if not there.strip():
        repository.ask("update-ref", f"refs/tags/{tag}", head)
    return tag
