"""This project as its remote has it: read in one question, changed in one push."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import stamina

from mlir_release import log, tags
from mlir_release import pin as pins
from mlir_release.errors import UserError
from mlir_release.git import OutOfReach, Rejected, Remote, Repository, peeled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from mlir_release.git import Update
    from mlir_release.pin import Pin
    from mlir_release.tags import Tag

T = TypeVar("T")

# The trailer (git-interpret-trailers) by which a snapshot's commit keeps the name of its tag.
TRAILER = "Snapshot"

# How long a push is tried again that others are always faster with; in seconds. The waits between are random.
_RACE_SECONDS = 600.0
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 4.0
# What a server says of a ref that it has locked for somebody else's push (git's refs/files-backend.c and
# builtin/receive-pack.c), and of the other refs of a push whenever it does not take one of them.
_BUSY = re.compile(r"cannot lock|failed to update ref|transaction")
_FOLLOWS = "atomic push fail"
_BRANCHES = "refs/heads/"
_TAGS = "refs/tags/"

# stamina says each retry in a way of its own; here it is said in words.
logging.getLogger("stamina").setLevel(logging.ERROR)


class Overtaken(UserError):
    """Somebody else has changed on the remote what a push was to change."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The remote's refs at one moment, and the branch that matters: its name, without ``refs/heads/``."""

    branch: str
    refs: Mapping[str, str]

    @property
    def head(self) -> str | None:
        """The commit of the branch; None if it is not there."""
        return self.branches.get(self.branch)

    @cached_property
    def branches(self) -> dict[str, str]:
        """The branches, and the commit of each."""
        return {
            ref.removeprefix(_BRANCHES): found
            for ref, found in self.refs.items()
            if ref.startswith(_BRANCHES)
        }

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags, and the commit of each; annotated ones are peeled."""
        names = (ref.removeprefix(_TAGS) for ref in self.refs if ref.startswith(_TAGS))
        return {name: peeled(self.refs, _TAGS + name) or "" for name in names if not name.endswith("^{}")}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A checkout of this project, its remote, and the branch there that matters."""

    repository: Repository
    remote: Remote
    branch: str

    @classmethod
    def open(cls, root: Path, *, remote: str = "origin", branch: str | None = None) -> Project:
        """The project in a folder.

        Args:
            root: the root of the checkout.
            remote: the remote's name in it, or an URL.
            branch: by default the main one of the remote.

        Raises:
            UserError: it is no checkout.
            OutOfReach: the remote does not answer.
        """
        repository = Repository.open(root)
        other = Remote(repository=repository, name=remote)
        return cls(repository=repository, remote=other, branch=branch or other.default_branch())

    def state(self) -> State:
        """The remote now.

        Raises:
            OutOfReach: it does not answer.
        """
        return State(branch=self.branch, refs=self.remote.refs(f"{_BRANCHES}*", f"{_TAGS}*"))

    def bring(self, *commits: str) -> None:
        """Fetch those of these commits that are not at hand; no ref comes to them.

        Raises:
            OutOfReach: the remote does not give them.
        """
        lacking = [commit for commit in commits if not self.repository.has(commit)]
        if lacking:
            self.remote.fetch(lacking)

    def text(self, commit: str, path: str) -> str | None:
        """A file of one of the remote's commits; None if it has none of that name."""
        self.bring(commit)
        return self.repository.text(commit, path)

    def pin(self, commit: str) -> Pin:
        """What one of the remote's commits pins.

        Raises:
            BadPin: it has no pin file, or one that cannot be read.
        """
        where = f"{pins.FILE_NAME} of {commit[:9]}"
        return pins.parse(self.text(commit, pins.FILE_NAME) or "", where)

    def used(self, state: State) -> tuple[Tag, ...]:
        """All tags that were ever taken: the remote's, and those that commits of the branch tell of."""
        told = self._trailers(state.head) if state.head else []
        return tags.known({*state.tags, *told})

    def prepare(self) -> None:
        """See that commits can be made; say it if the checkout is in a state that people might think matters.

        Raises:
            UserError: git does not know in whose name to commit.
        """
        self.repository.ensure_identity()
        ask = self.repository.attempt
        changed = ask("status", "--porcelain", "--untracked-files=no").output
        states = ["has changes"] if changed else []
        states += ["is detached"] if ask("symbolic-ref", "--quiet", "HEAD").status else []
        if states:
            left = f"it is left as it is, {self.remote.name}'s {self.branch} is what counts"
            log.say(f"   the checkout {' and '.join(states)}: {left}")

    def land(self, plan: Callable[[State], tuple[Sequence[Update], T]]) -> T:
        """Change the remote as planned; plan again whenever somebody else was faster.

        Args:
            plan: from the remote's state to what is to be changed, perhaps nothing, and what that amounts to.

        Returns:
            What the plan that has come true amounts to.

        Raises:
            Rejected: the remote does not take it, and it is not that somebody else was faster.
            Overtaken: others were faster, for minutes.
            OutOfReach: the remote does not answer.
        """
        attempts = stamina.retry_context(
            on=Overtaken,
            attempts=None,
            timeout=_RACE_SECONDS,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
            wait_jitter=_LONGEST_WAIT / 2,
        )
        for attempt in attempts:
            with attempt:
                updates, result = plan(self.state())
                if updates:
                    self._push(updates)
                return result
        raise AssertionError

    def _push(self, updates: Sequence[Update]) -> None:
        try:
            self.remote.push(updates)
        except Rejected as rejected:
            if self._overtaken(updates) or _is_busy(rejected):
                log.say(f"   somebody else has just changed {self.remote.name}: starting over from there")
                raise Overtaken(f"{rejected}; others were always faster, start again") from None
            raise
        except OutOfReach:
            # The answer was lost, perhaps only that.
            now = self.state().refs
            if any(now.get(update.ref) != update.after for update in updates):
                raise
            log.say(f"   {self.remote.name} did not answer, but has taken the push")

    def _overtaken(self, updates: Iterable[Update]) -> bool:
        """Whether something that was to be changed is not any more as it was."""
        now = self.state().refs
        return any(now.get(update.ref) != update.before for update in updates)

    def _trailers(self, head: str) -> list[str]:
        """The names of tags in the history of a commit, all of it."""
        self.bring(head)
        if self.repository.ask("rev-parse", "--is-shallow-repository") == "true":
            log.say("   the checkout is shallow: its history is completed, old names of tags are in it")
            self.remote.fetch([head], "--unshallow")
        form = f"--format=%(trailers:key={TRAILER},valueonly)"
        return self.repository.ask("log", "--no-show-signature", form, head).split()


def _is_busy(rejected: Rejected) -> bool:
    """Whether the remote would have taken a push, had it not been taking another one."""
    return all(_BUSY.search(reason) or _FOLLOWS in reason for reason in rejected.reasons)
