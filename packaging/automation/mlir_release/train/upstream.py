"""llvm-project's history, through git alone; the store has a mirror of what was asked for so far."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.git import OutOfReach, Remote, Repository, peeled, reason
from mlir_release.source.layout import VERSION_FILE, version_in
from mlir_release.source.tree import REMOTE
from mlir_release.store import content_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlir_release.run import Completed
    from mlir_release.store import Store

_KIND = "upstream"
# Commits and trees are a few MB per hundred commits of llvm-project; files come one by one, when asked for.
_PARTIAL = "--filter=blob:none"
_SETTINGS = {
    "remote.origin.promisor": "true",
    "remote.origin.partialclonefilter": "blob:none",
    # In the background, it would work on after the lock was given back.
    "gc.autoDetach": "false",
}
# NUL ends each: a subject may hold any other character.
_FORM = "--format=%H %ct %s"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit of llvm-project: 40 digits, when it was committed (UTC), the first line of its message."""

    sha: str
    committed: dt.datetime
    subject: str

    def __str__(self) -> str:
        return f"{self.sha[:9]} of {self.committed:%Y-%m-%d %H:%M}, {self.subject}"


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """llvm-project at an URL, and the repository in the store that mirrors some of it.

    With a ``repository`` that is not in the store, nothing can be fetched into it.
    """

    store: Store
    url: str
    repository: Repository

    @classmethod
    def open(cls, store: Store, url: str = REMOTE) -> Upstream:
        """The mirror of an URL; nothing is fetched yet."""
        upstream = cls(
            store=store, url=url, repository=Repository(store.root / _KIND / content_key({"url": url}))
        )
        with upstream._locked():
            repository = Repository.bare(upstream.repository.path)
            for name, value in {**_SETTINGS, "remote.origin.url": url}.items():
                repository.ask("config", name, value)
        return upstream

    @property
    def remote(self) -> Remote:
        """The URL, as seen from the mirror."""
        return Remote(repository=self.repository, name="origin")

    def commits(self, branch: str, limit: int) -> tuple[Commit, ...]:
        """The newest commits of a branch, newest first, without those that were merged into it.

        Raises:
            OutOfReach: there is no answer, or no such branch.
        """
        ref = f"refs/heads/{branch}"
        self._fetch(f"+{ref}:{ref}", limit)
        return self._logged("--first-parent", f"--max-count={limit}", ref)

    def resolve(self, tag: str) -> str:
        """The commit of a tag there (``llvmorg-22.1.8``).

        Raises:
            UserError: there is no such tag.
            OutOfReach: there is no answer.
        """
        ref = f"refs/tags/{tag}"
        commit = peeled(self.remote.refs(ref, f"{ref}^{{}}"), ref)
        if not commit:
            raise UserError(f"{self.url} has no tag {tag}; name one that is there, as llvmorg-22.1.8")
        return commit

    def ensure(self, commit: str) -> None:
        """Fetch a commit, without its history, unless it is at hand.

        Raises:
            OutOfReach: there is no answer, or no such commit.
        """
        if not self.repository.has(commit):
            self._fetch(f"+{commit}:refs/kept/{commit}", 1)

    def commit(self, commit: str) -> Commit:
        """What is known of a commit.

        Raises:
            OutOfReach: there is no answer, or no such commit.
        """
        self.ensure(commit)
        return self._logged("--no-walk", commit)[0]

    def version(self, commit: str) -> str:
        """The LLVM version that a commit says it is: ``22.1.8``, ``23.1.0rc1``, ``24.0.0git``.

        Raises:
            OutOfReach: the commit, or the file that says so, is not to be had.
            UserError: it does not say so.
        """
        self.ensure(commit)
        where = f"{VERSION_FILE} of {commit[:9]}"
        entry = self.repository.ask("ls-tree", commit, "--", VERSION_FILE).split()
        if not entry:
            raise UserError(f"{where} is not there; take a commit of llvm-project")
        return version_in(self._checked(self.repository.attempt("cat-file", "blob", entry[2])).output, where)

    def put(self, commit: str, paths: Sequence[str], folder: Path) -> None:
        """Write those of these files that a commit has into a folder, below their own paths.

        Raises:
            OutOfReach: the commit or a file is not to be had.
        """
        self.ensure(commit)
        self.repository.write_files(commit, paths, folder)

    def log(self, old: str, new: str, paths: Sequence[str]) -> tuple[Commit, ...] | None:
        """What was committed after ``old`` up to ``new`` and changes one of these paths, newest first.

        Returns:
            None unless all of that history is at hand, as it is after ``commits`` of enough of it; nothing
            is fetched.
        """
        if not (self.repository.has(old) and self.repository.has(new)):
            return None
        if self.repository.attempt("merge-base", "--is-ancestor", old, new).status:
            return None
        return self._logged(f"{old}..{new}", "--", *paths)

    def _fetch(self, refspec: str, depth: int) -> None:
        with self._locked():
            self.remote.fetch([refspec], f"--depth={depth}", _PARTIAL)

    def _logged(self, *words: str) -> tuple[Commit, ...]:
        listed = self.repository.ask("log", "-z", "--no-show-signature", _FORM, *words)
        return tuple(_commit(line) for line in listed.split("\0") if line)

    def _checked(self, done: Completed) -> Completed:
        if done.status:
            raise OutOfReach(f"{self.url} does not give a file that is needed: {reason(done)}")
        return done

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other sessions out; what git has locked in the mirror was left by one that was killed."""
        folder = self.repository.path
        assert folder.is_relative_to(self.store.root), "a checkout of the user's is only read"
        with self.store.locked(_KIND, folder.name):
            for path in folder.rglob("*.lock"):
                path.unlink(missing_ok=True)
            yield


def _commit(line: str) -> Commit:
    sha, seconds, subject = line.split(" ", 2)
    committed = dt.datetime.fromtimestamp(int(seconds), dt.UTC)
    return Commit(sha=sha, committed=committed, subject=" ".join(subject.split()))
