"""Repositories on this machine."""

from __future__ import annotations

import shlex
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlir_release.errors import UserError
from mlir_release.git.program import PATIENCE, OutOfReach, environment, reason, settings
from mlir_release.run import run

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from mlir_release.run import Completed


@dataclass(frozen=True)
class Repository:
    """A repository on this machine: its work tree, or a bare one's folder."""

    path: Path

    @cached_property
    def _settings(self) -> list[tuple[str, str]]:
        # Asked once, and not with each of the dozens of commands.
        return settings(self.path)

    @classmethod
    def open(cls, path: Path) -> Repository:
        """The repository whose work tree ``path`` is the root of.

        Raises:
            UserError: it is none.
        """
        repository = cls(path)
        if not repository.is_checkout:
            raise UserError(f"{path} is not a git checkout; clone the project with git")
        return repository

    @property
    def is_checkout(self) -> bool:
        """Whether its path is the root of a work tree, not a folder in one."""
        # Not by the root's name, for that may end in a space or a new line.
        asked = self.attempt("rev-parse", "--is-inside-work-tree", "--show-prefix")
        return asked.output == "true\n\n"

    @classmethod
    def bare(cls, path: Path) -> Repository:
        """The bare repository in a folder; made now, or completed if whoever made it was stopped."""
        repository = cls(path)
        path.mkdir(parents=True, exist_ok=True)
        repository.ask("init", "--quiet", "--bare", ".")
        return repository

    def ask(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> str:
        """What a git command prints on stdout, without the last line's end.

        Raises:
            ToolFailed: it failed.
        """
        return self._run(words, env, check=True).output.rstrip("\n")

    def attempt(self, *words: str | Path, timeout: float | None = None) -> Completed:
        """A git command that may fail.

        Raises:
            UserError: git does not touch the repository, because it is another user's.
        """
        done = self._run(words, None, check=False, timeout=timeout)
        if done.status and "dubious ownership" in done.errors:
            raise UserError(
                f"{self.path} is another user's, so git does not read it; say git config --global --add"
                f" safe.directory {shlex.quote(str(self.path))}, or clone it"
            )
        return done

    def has(self, commit: str) -> bool:
        """Whether a commit is at hand; a partial clone does not go and get it for the question."""
        found = self.attempt("rev-list", "--no-walk", "--missing=print", commit)
        return found.status == 0 and found.output.strip() == commit

    def write_files(self, commit: str, paths: Sequence[str], folder: Path) -> None:
        """Write files of a commit into a folder, below their own paths, byte by byte.

        Args:
            commit: is at hand.
            paths: of files and folders; those that the commit has not got are passed over.
            folder: exists.

        Raises:
            OutOfReach: a partial clone could not get them.
        """
        listed = self.ask("ls-tree", "-r", "-z", commit, "--", *paths) if paths else ""
        entries = [line.partition("\t") for line in listed.split("\0") if line]
        words = [word for facts, _, path in entries for word in ("--cacheinfo", *facts.split()[::2], path)]
        with tempfile.TemporaryDirectory() as own:
            index = {"GIT_INDEX_FILE": str(Path(own) / "index")}
            self.ask("update-index", "--add", *words, env=index)
            # From inside: in a folder around the repository, git would only write what is below the latter.
            there = ("-C", folder, f"--git-dir={self.ask('rev-parse', '--absolute-git-dir')}")
            exact = ("-c", "core.autocrlf=false", f"--work-tree={folder}")
            done = self._run((*there, *exact, "checkout-index", "--all"), index, check=False)
        if done.status:
            raise OutOfReach(f"files of {commit} are not to be had: {reason(done)}")

    def text(self, commit: str, path: str) -> str | None:
        """A file of a commit; None if it has none of that name."""
        done = self.attempt("show", f"{commit}:{path}")
        return done.output if done.status == 0 else None

    def commit_file(self, parent: str, path: str, text: str, *, message: str, when: dt.datetime) -> str:
        """A new commit that changes one file of its parent and nothing else; no ref comes to it.

        Returns:
            its 40 digits; the same ones whenever all arguments and the committer are the same.
        """
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / "content"
            content.write_bytes(text.encode())
            blob = self.ask("hash-object", "-w", "--no-filters", content)
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self.ask("read-tree", parent, env=index)
            self.ask("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
            tree = self.ask("write-tree", env=index)
        return self.ask("commit-tree", tree, "-p", parent, "-m", message, env=_dates(when))

    def tag_object(self, commit: str, name: str, *, message: str, when: dt.datetime) -> str:
        """An annotated tag on a commit; no ref comes to it. Returns its 40 digits."""
        ident = self.ask("var", "GIT_COMMITTER_IDENT", env=_dates(when))
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {ident}\n\n{message}\n"
        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / "content"
            content.write_bytes(text.encode())
            return self.ask("hash-object", "-w", "-t", "tag", content)

    def ensure_identity(self) -> None:
        """Check that git knows in whose name it would commit.

        Raises:
            UserError: it does not.
        """
        if self.attempt("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT").status:
            raise UserError(
                "git does not know who commits; say git config user.name NAME, git config user.email ADDRESS"
            )

    def _run(
        self,
        words: Sequence[str | Path],
        env: Mapping[str, str | None] | None,
        *,
        check: bool,
        timeout: float | None = None,
    ) -> Completed:
        return run(
            ["git", "-c", "core.fsmonitor=false", *PATIENCE, *words],
            cwd=self.path,
            env={**environment(self._settings), **(env or {})},
            check=check,
            quiet=True,
            apart=True,
            timeout=timeout,
        )


def _dates(when: dt.datetime) -> dict[str, str | None]:
    # Git's own format: seconds since the epoch, and the time zone.
    stamp = f"{int(when.timestamp())} +0000"
    return {"GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
