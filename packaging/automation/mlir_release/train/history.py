"""When a commit of llvm-project was made, and what was changed between two: as far as that is at hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release import log
from mlir_release.git import OutOfReach, Repository
from mlir_release.source.tree import REMOTE
from mlir_release.train.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlir_release.store import Store
    from mlir_release.train.upstream import Commit

# How many commits of a branch are fetched to find those between two releases: on main, some two weeks.
_DEPTH = 2000


@dataclass(frozen=True, kw_only=True)
class History:
    """The history of a checkout, which is only read, or of the mirror in the store, which grows on demand."""

    upstream: Upstream
    grows: bool

    @classmethod
    def open(cls, store: Store, checkout: Path | None = None, url: str = REMOTE) -> History:
        """The history in a checkout of llvm-project; without one, that of the mirror of an URL.

        Raises:
            UserError: the checkout is not git's.
        """
        if checkout is None:
            return cls(upstream=Upstream.open(store, url), grows=True)
        repository = Repository.open(checkout)
        return cls(upstream=Upstream(store=store, url=str(checkout), repository=repository), grows=False)

    def committed(self, commit: str) -> dt.datetime | None:
        """When a commit was made (UTC); None where it is out of reach, which is said."""
        try:
            if self.grows:
                self.upstream.ensure(commit)
        except OutOfReach as error:
            log.say(f"   {self.upstream.url} is out of reach: {error}")
        if not self.upstream.repository.has(commit):
            return None
        form = ("--no-patch", "--no-show-signature", "--format=%ct")
        return dt.datetime.fromtimestamp(int(self.upstream.repository.ask("show", *form, commit)), dt.UTC)

    def log(
        self, old: str, new: str, paths: Sequence[str], *, branch: str | None = None
    ) -> tuple[Commit, ...] | None:
        """What was committed after ``old`` up to ``new`` and changes one of these paths, newest first.

        Args:
            old: 40 digits.
            new: 40 digits.
            paths: below the root of llvm-project.
            branch: upstream's, that both are on; fetched if the history is not at hand and may grow.

        Returns:
            None where that history is not at hand.
        """
        found = self.upstream.log(old, new, paths)
        if found is not None or branch is None or not self.grows:
            return found
        try:
            self.upstream.commits(branch, _DEPTH)
        except OutOfReach as error:
            log.say(f"   {self.upstream.url} is out of reach: {error}")
        return self.upstream.log(old, new, paths)
