"""Repositories elsewhere, as seen from one on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.git import program
from mlir_release.git.program import OutOfReach, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlir_release.git.repository import Repository

_PEELED = "^{}"
_BRANCH = "ref: refs/heads/"
# Whatever the user's configuration says of tags, pruning and remote-tracking branches.
_NO_REFS = ("--no-tags", "--no-write-fetch-head", "--no-prune", "--refmap=", "--no-recurse-submodules")
# What `git push --porcelain` says of a ref: "!<tab>FROM:TO<tab>[rejected] (stale info)"; "=" when there is
# nothing to do, which means that somebody else has pushed the very same.
_REJECTED = re.compile(r"^[!=]\t[^\t]*\t(.*)$", re.MULTILINE)


class Rejected(UserError):
    """The remote did not take a push; none of its refs has changed. ``reasons`` are its own, of each ref."""

    def __init__(self, name: str, reasons: Iterable[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__(f"{name} did not take the push: {'; '.join(self.reasons)}")


@dataclass(frozen=True, kw_only=True)
class Update:
    """A ref that a push changes: its full name, what it is before and after (None: not there)."""

    ref: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Another repository, as seen from one on this machine: its name there (``origin``), or its URL."""

    repository: Repository
    name: str

    def refs(self, *patterns: str) -> dict[str, str]:
        """The refs there now that match, with what they point at; tags also peeled, as ``NAME^{}``.

        Raises:
            OutOfReach: it does not answer.
        """
        lines = (line.partition("\t") for line in self._listed(self.name, *patterns).splitlines())
        return {ref: found for found, _, ref in lines}

    def _listed(self, *words: str) -> str:
        asked = self.repository.attempt("ls-remote", "--quiet", *words, timeout=program.ANSWER_SECONDS)
        if asked.late:
            raise OutOfReach(
                f"{self.name} does not answer within {program.ANSWER_SECONDS} s; see to the network"
            )
        if asked.status:
            raise OutOfReach(f"{self.name} cannot be read: {reason(asked)}; see to its URL and your rights")
        return asked.output

    def default_branch(self) -> str:
        """The branch that a clone of it gets.

        Raises:
            OutOfReach: it does not answer.
            UserError: it names none.
        """
        head = self._listed("--symref", self.name, "HEAD").partition("\t")[0]
        if not head.startswith(_BRANCH):
            raise UserError(f"{self.name} does not say which branch is its main one; say --branch NAME")
        return head.removeprefix(_BRANCH)

    def fetch(self, wanted: Iterable[str], *options: str) -> None:
        """Bring commits or refs, with all that they need; no ref of this repository changes.

        Raises:
            OutOfReach: it does not answer, or has not got them.
        """
        wanted = tuple(wanted)
        words = ["fetch", "--quiet", *_NO_REFS, *options, self.name, *wanted]
        done = self.repository.attempt(*words)
        if done.status:
            raise OutOfReach(f"{self.name} does not give {', '.join(wanted)}: {reason(done)}")

    def push(self, updates: Sequence[Update]) -> None:
        """Change all these refs there, or none of them; none is changed that is not as it was before.

        Raises:
            Rejected: they are not, or it does not take them.
            OutOfReach: it does not answer; whether they were changed is not known.
        """
        leases = [f"--force-with-lease={update.ref}:{update.before or ''}" for update in updates]
        refs = [f"{update.after or ''}:{update.ref}" for update in updates]
        options = ("--porcelain", "--atomic", "--no-follow-tags", "--recurse-submodules=no")
        done = self.repository.attempt("push", *options, *leases, self.name, *refs)
        refused = _REJECTED.findall(done.output)
        if not done.status and not refused:
            return
        if refused:
            raise Rejected(self.name, refused)
        raise OutOfReach(f"{self.name} cannot be pushed to: {reason(done)}; see to its URL and your rights")


def peeled(refs: Mapping[str, str], ref: str) -> str | None:
    """The commit that one of ``Remote.refs`` stands for, through an annotated tag too; None if not there."""
    return refs.get(ref + _PEELED) or refs.get(ref)
